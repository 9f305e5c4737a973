/** How a command reaches the database, whether or not a gateway runs beside it. */
import type { Store } from '../store.ts';

/** A store for one command: the same database and the same rules as the gateway's. */
export type Connection = Store;

/** Opens it when a command really runs, so that `--help` needs neither settings nor a database. */
export type Connect = () => Promise<Connection>;
