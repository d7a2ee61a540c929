// npm install @grpc/grpc-js @grpc/proto-loader
// node classify.js proto dns:///verdict-headless:50051 client/service_config.json
const fs = require('node:fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [protoPath, target, serviceConfig] = process.argv.slice(2);
const definition = loader.loadSync(
  'verdict/v1/classifier.proto', { includeDirs: [protoPath], defaults: true });
const { Classifier } = grpc.loadPackageDefinition(definition).verdict.v1;
const classifier = new Classifier(target, grpc.credentials.createInsecure(), {
  'grpc.service_config': fs.readFileSync(serviceConfig, 'utf8'),
  // grpc-js's own pauses before it looks for a lost server again grow from 1 s to 2 minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1000,
});
const request = { input: { text: 'What a lovely surprise!' } };
classifier.classify(request, { deadline: Date.now() + 10000 }, (error, reply) => {
  if (error) throw error;
  console.log(reply.label, reply.score, reply.tokens.truncated);
  classifier.close();
});
