// The floor again, but reads and writes share one pool, and writes wait for the lock on their connections.
import { serveWrites } from './floor-server.ts';

await serveWrites({ apart: false });
