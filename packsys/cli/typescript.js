// Compiles one pack with the compiler of the SDK that lies beside it: node typescript.js SOURCE FOLDER
'use strict';
const {createRequire} = require('node:module');
const {join, resolve} = require('node:path');

async function main(source, folder) {
  const beside = createRequire(resolve(source));
  beside('@codahq/packs-sdk/dist/cli/config_storage'); // first: the two modules import each other
  const {compilePackBundle} = beside('@codahq/packs-sdk/dist/testing/compile');
  await compilePackBundle({
    manifestPath: source,
    outputDirectory: folder,
    bundleFilename: 'bundle.js',
    intermediateOutputDirectory: join(folder, 'made'),
    minify: false,
  });
}

main(process.argv[2], process.argv[3]).catch(error => {
  console.error(error.message);
  process.exit(1);
});
