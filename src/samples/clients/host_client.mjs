// Tasks on a WorkerHost host from Node, with nothing but @grpc/grpc-js and @grpc/proto-loader, which reads the .proto files.
//
//   host_client.mjs PROTOS OWN TARGET [TOKEN]
//
// PROTOS is the folder with workerhost/v1, OWN a .proto of your own (counter.proto), TARGET what grpc-js takes:
// "unix:/path/to/data.sock" or "127.0.0.1:7070". What it prints is what src/docs/sidecar-clients.md says.
import grpc from "@grpc/grpc-js";
import loader from "@grpc/proto-loader";

const [protos, own, target, token] = process.argv.slice(2);
const load = (file, folder) => grpc.loadPackageDefinition(loader.loadSync(file, { includeDirs: [folder, protos], longs: Number, defaults: true, oneofs: true }));
const { TaskEndpoint } = load("workerhost/v1/task_endpoint.proto", protos).workerhost.v1;
const { Counter } = load(own.slice(own.lastIndexOf("/") + 1), own.slice(0, own.lastIndexOf("/"))).samples.v1;

// Encryption is for addresses beyond this machine; the token is metadata.
const credentials = grpc.credentials.createInsecure();
const said = new grpc.Metadata();
if (token) said.set("authorization", `Bearer ${token}`);
const endpoint = new TaskEndpoint(target, credentials);
const counter = new Counter(target, credentials);

// A unary call as a promise that knows its call.
function call(client, method, request, options = {}, metadata = said) {
  let running;
  const answer = new Promise((resolve, reject) => {
    running = client[method](request, metadata, options, (error, response) => (error ? reject(error) : resolve(response)));
  });
  return Object.assign(answer, { cancel: () => running.cancel() });
}

const json = (task, ...args) => ({ task, pool: "images", payload: { contentType: "application/json", data: Buffer.from(JSON.stringify(args)) } });
const valueOf = (response) => JSON.parse(response.result.data);
const failure = (promise) => promise.then(() => "it ended well", (error) => `${grpc.status[error.code]} ${error.details}`);

console.log("add:", valueOf(await call(endpoint, "run", json("add", 20, 22))));
console.log("failed:", await failure(call(endpoint, "run", json("throw", "no luck"))));

// Its time limit is the deadline of the call.
console.log("late:", (await failure(call(endpoint, "run", json("sleep", 600000), { deadline: Date.now() + 300 }))).split(" ")[0]);

// Cancelling the call cancels the task.
const sleeping = call(endpoint, "run", json("sleep", 600000));
sleeping.cancel();
console.log("cancelled:", (await failure(sleeping)).split(" ")[0]);

// Everything a task says until it ends.
const events = [];
for await (const { event, item, outcome } of endpoint.runWithEvents({ task: json("count", 3) }, said)) {
  events.push(event === "item" ? JSON.parse(item.data) : event);
}
console.log("events:", ...events);

// Your own service, and what the host needs to know beside it as metadata.
const idempotent = said.clone();
idempotent.set("workerhost-idempotent", "true");
console.log("words:", (await call(counter, "count", { text: "one two three" }, {}, idempotent)).words);
console.log("refused:", await failure(call(counter, "count", {})));
endpoint.close();
counter.close();

// grpc-js may keep the connection for a while, and with it the program.
process.exit();
