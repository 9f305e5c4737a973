// The floor: by hand what Gatehouse does, with writes that wait as they do there.
import { serveWrites } from './floor-server.ts';

await serveWrites({ apart: true });
