// See README.md. @grpc/grpc-js, with its defaults.
const grpc = require('@grpc/grpc-js');

const [address, rate, request] = process.argv.slice(2);
const client = new grpc.Client(address, grpc.credentials.createInsecure());
const same = (bytes) => bytes;
const outcomes = {};
let open = 0;
let stopped = false;

function end() {
  if (!stopped || open > 0) return;
  console.log(JSON.stringify(outcomes));
  process.exit(0);
}

function classify(seconds, done) {
  client.makeUnaryRequest(
    '/verdict.v1.Classifier/Classify', same, same, Buffer.from(request, 'hex'),
    { deadline: Date.now() + 1000 * seconds }, done);
}

function call() {
  ++open;
  classify(10, (error) => {
    const outcome = error ? `${grpc.status[error.code]}: ${error.details}` : 'OK';
    outcomes[outcome] = (outcomes[outcome] || 0) + 1;
    --open;
    end();
  });
}

let timer;
classify(60, (error) => { // a runtime that starts on a busy machine takes seconds
  if (error) throw error;
  console.log('ready');
  timer = setInterval(call, 1000 / Number(rate));
});
process.stdin.resume();
process.stdin.on('end', () => {
  clearInterval(timer);
  stopped = true;
  end();
});
