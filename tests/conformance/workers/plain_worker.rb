# The conformance worker in plain Ruby: that of src/samples/workers, with the tasks of ../README.md that need no capability.
#
#     plain_worker.rb STUBS

require_relative '../../../src/samples/workers/plain_worker'

# The task that runs in this thread.
module Told
  def run(request, call)
    Thread.current[:attempt] = [request.attempt, 1].max
    super
  end
end

TaskEndpoint.prepend(Told)

# That it runs, where, and which attempt it is. Answers how many lines there are.
def say(path)
  return 0 if path.empty?

  File.open(path, File::WRONLY | File::APPEND | File::CREAT) { |file| file.syswrite("#{Process.pid} #{Thread.current[:attempt]}\n") }
  File.foreach(path).count
end

def wait(milliseconds, path = '')
  say(path)
  sleep(milliseconds / 1000.0)
  milliseconds
end

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)

def spin(milliseconds, path = '')
  say(path)
  deadline = now + (milliseconds / 1000.0)
  nil while now < deadline
  milliseconds
end

def crash(times, path = '')
  lines = say(path)
  Process.kill('KILL', Process.pid) if path.empty? || lines <= times
  lines
end

TASKS.replace(
  'echo' => ->(value) { value },
  'unicode-ñ-测试-🎈' => ->(value) { value },
  'add' => ->(a, b) { a + b },
  'large' => ->(count) { 'x' * count },
  'record' => ->(path) { say(path) },
  'fail' => lambda do |message, _cause, path = ''|
    say(path)
    raise message
  end,
  'sleep' => method(:wait),
  'stubborn' => method(:wait),
  'spin' => method(:spin),
  'crash' => method(:crash),
  'exit' => lambda do |code, path = ''|
    say(path)
    Process.exit!(code)
  end
)

exit main
