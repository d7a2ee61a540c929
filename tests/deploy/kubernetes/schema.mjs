// Validates Kubernetes objects, a JSON array on standard input, against the API's schema.
// Usage: node schema.mjs MODULES; MODULES holds node_modules. Prints what is wrong, a line each, and ends with 1.
//
// Two checks, since neither sees all: the schema's own validation knows formats and what is required, and lets
// unknown fields pass; the type checker knows which fields and words there are.
import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {join, resolve} from 'node:path';

const modules = resolve(process.argv[2]);
const require = createRequire(join(modules, 'package.json'));
const ts = require('typescript');

const GROUPS_OF_OTHERS = {
  'keda.sh': '@kubernetes-models/keda',
  'monitoring.coreos.com': '@kubernetes-models/prometheus-operator',
};

function modelPath({apiVersion, kind}) {
  const group = apiVersion.includes('/') ? apiVersion.split('/')[0] : '';
  return `${GROUPS_OF_OTHERS[group] ?? 'kubernetes-models'}/${apiVersion}/${kind}`;
}

const title = object => `${object.kind}/${object.metadata?.name}`;

function valueErrors(object) {
  let Model;
  try {
    Model = require(modelPath(object))[object.kind];
  } catch {
    return [`${title(object)}: there is no ${object.kind} in ${object.apiVersion}`];
  }
  try {
    new Model(object).validate();
    return [];
  } catch (error) {
    return [`${title(object)}: ${error.message}`];
  }
}

// A program that assigns each object to its kind's type; excess fields are errors in it, at any depth.
function typeErrors(objects) {
  const source = objects.map((object, index) =>
    `import {I${object.kind} as Type${index}} from '${modelPath(object)}';\n` +
    `export const object${index}: Type${index} = ${JSON.stringify(object, null, 1)};`).join('\n');
  const path = join(modules, 'objects.ts');
  const options = {
    strict: true, noEmit: true, skipLibCheck: true, types: [],
    target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(name, source, ts.ScriptTarget.ES2022) : read(name, ...rest);
  const program = ts.createProgram([path], options, host);
  return ts.getPreEmitDiagnostics(program).map(found => {
    const message = ts.flattenDiagnosticMessageText(found.messageText, ' ');
    if (!found.file) return message;
    const lines = source.slice(0, found.start).split('\n');
    const index = lines.join('\n').match(/export const object\d+/g)?.length ?? 0;
    return `${index ? title(objects[index - 1]) : 'types'}: ${message}: ${source.split('\n')[lines.length - 1].trim()}`;
  });
}

const objects = JSON.parse(readFileSync(0, 'utf8'));
const errors = [...objects.flatMap(valueErrors), ...typeErrors(objects)];
for (const error of errors) console.log(error);
process.exitCode = errors.length ? 1 : 0;
