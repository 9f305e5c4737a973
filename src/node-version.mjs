// Loaded with --import before any TypeScript: an older Node cannot even parse main.ts, and would say so unhelpfully.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `Gatehouse needs Node 24 or later; this is ${process.version}. Install Node 24, or run it as ` +
      '`npm start` in a folder where `npm ci` has installed the development dependencies (they bring Node 24).\n',
  );
  process.exit(1);
}
