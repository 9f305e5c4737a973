// Loaded with --import before any TypeScript: an older Node cannot even parse main.ts, and would say so unhelpfully.
import module from 'node:module';
import { fileURLToPath } from 'node:url';

const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `Gatehouse needs Node 24 or later; this is ${process.version}. Install Node 24, or run it as ` +
      '`npm start` in a folder where `npm ci` has installed the development dependencies (they bring Node 24).\n',
  );
  process.exit(1);
}

// What is compiled now need not be at the next start, which takes half the time then, and less memory. Not in the
// temporary folder, where Node keeps it by itself: who else may write there could have us run theirs.
module.enableCompileCache(
  fileURLToPath(new URL('../node_modules/.cache/gatehouse', import.meta.url)),
);
