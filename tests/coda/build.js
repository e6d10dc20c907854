// Builds every pack of a folder with the compiler of the SDK: node build.js FOLDER OUTPUT
'use strict';
const {existsSync, mkdirSync, readdirSync, statSync} = require('node:fs');
const {join, parse} = require('node:path');
require('@codahq/packs-sdk/dist/cli/config_storage'); // first: the two modules import each other
const {compilePackBundle} = require('@codahq/packs-sdk/dist/testing/compile');

function isNewer(made, source) {
  return existsSync(made) && statSync(made).mtimeMs > statSync(source).mtimeMs;
}

async function main(folder, output) {
  for (const file of readdirSync(folder).filter(name => name.endsWith('.ts'))) {
    const outputDirectory = join(output, parse(file).name);
    if (isNewer(join(outputDirectory, 'bundle.js'), join(folder, file))) continue;
    mkdirSync(outputDirectory, {recursive: true});
    await compilePackBundle({
      manifestPath: join(folder, file),
      outputDirectory,
      bundleFilename: 'bundle.js',
      intermediateOutputDirectory: join(outputDirectory, 'made'),
      minify: false,
    });
  }
}

main(process.argv[2], process.argv[3]).catch(error => {
  console.error(error);
  process.exit(1);
});
