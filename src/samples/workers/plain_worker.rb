# A worker in plain Ruby, with nothing of ours but the stubs that protoc makes of protos/.
#
#     plain_worker.rb STUBS        started by a supervisor, not by hand

$LOAD_PATH.unshift(ARGV[0] || '.')
require 'json'
require 'grpc'
require 'workerhost/v1/task_endpoint_pb'

# By name; each is called with the elements of the caller's JSON array.
TASKS = { 'add' => ->(a, b) { a + b }, 'upper' => ->(text) { text.upcase } }

# The contract's package is workerhost.v1, which protoc writes as a module.
V1 = Workerhost::V1

# Only the method that there is. The base class that protoc generates has all of them, and Ruby answers for the streams among them with UNKNOWN: what is
# missing has to be UNIMPLEMENTED.
class TaskEndpoint
  include GRPC::GenericService
  self.marshal_class_method = :encode
  self.unmarshal_class_method = :decode
  self.service_name = 'workerhost.v1.TaskEndpoint'
  rpc :Run, V1::RunRequest, V1::RunResponse

  def initialize(launch)
    @worker = "#{launch['pool']}/#{launch['slot']}##{launch['incarnation']}"
    @lanes = Thread::SizedQueue.new(launch['concurrency'])
  end

  def run(request, _call)
    task = TASKS[request.task] or raise GRPC::Unimplemented.new("no task #{request.task}; there are #{TASKS.keys.join(', ')}")
    arguments = JSON.parse(request.payload.data)
    @lanes.push(true)
    begin
      # Bytes, as the field holds them.
      result = JSON.generate(task.call(*arguments)).b
    rescue StandardError => e
      raise GRPC::Unknown.new("#{e.class}: #{e.message}")
    ensure
      @lanes.pop
    end
    payload = V1::Payload.new(content_type: 'application/json', data: result)
    V1::RunResponse.new(result: payload, id: request.id, worker: @worker, attempts: [request.attempt, 1].max)
  rescue JSON::ParserError => e
    raise GRPC::InvalidArgument.new("the arguments are no JSON: #{e.message}")
  end
end

# The standard health service: its answer is one field, status, and SERVING is 1.
class Health
  class Bytes < String
    def self.encode(bytes) = bytes
    def self.decode(bytes) = new(bytes)
  end

  include GRPC::GenericService
  self.marshal_class_method = :encode
  self.unmarshal_class_method = :decode
  self.service_name = 'grpc.health.v1.Health'
  rpc :Check, Bytes, Bytes

  def check(_request, _call) = Bytes.new("\x08\x01".b)
end

def main
  unless ENV['WORKERHOST_WORKER'] == '1'
    warn "#{$PROGRAM_NAME} is a WorkerHost worker: a supervisor starts it"
    return 64
  end
  launch = JSON.parse($stdin.readline)

  limit = launch['maxMessageBytes'] + 65_536
  server = GRPC::RpcServer.new(pool_size: 16, server_args: { 'grpc.max_receive_message_length' => limit })
  server.add_http2_port(launch['address'].sub('unix://', 'unix:'), :this_port_is_insecure)
  server.handle(TaskEndpoint.new(launch))
  server.handle(Health.new)
  serving = Thread.new { server.run }

  # stdin is the lifeline: at its end, leave. SIGTERM may end the process as it does by default.
  $stdin.read
  server.stop
  serving.join
  0
end

exit main if $PROGRAM_NAME == __FILE__
