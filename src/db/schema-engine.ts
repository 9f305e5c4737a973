/** Prisma's own schema engine as WebAssembly: it applies and compares schemas without any downloaded binary. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { PrismaPg } from '@prisma/adapter-pg';
import {
  bindMigrationAwareSqlAdapterFactory,
  type SqlMigrationAwareDriverAdapterFactory,
} from '@prisma/driver-adapter-utils';
import type { SchemaEngine } from '@prisma/schema-engine-wasm/schema_engine_bg';
import * as bindings from '@prisma/schema-engine-wasm/schema_engine_bg';
import type pg from 'pg';

/** Nothing is kept from the engine: Gatehouse has its database to itself. */
export const noFilters = { externalTables: [], externalEnums: [] };

let loaded: Promise<void> | undefined;

// Imported as a module, WebAssembly prints an ExperimentalWarning on Node 24; instantiated by hand it does not.
async function load(): Promise<void> {
  const path = createRequire(import.meta.url).resolve(
    '@prisma/schema-engine-wasm/schema_engine_bg',
  );
  const bytes = await readFile(path.replace(/\.js$/, '.wasm'));
  const { instance } = await WebAssembly.instantiate(bytes, { './schema_engine_bg.js': bindings });
  bindings.__wbg_set_wasm(instance.exports);
  const start = instance.exports.__wbindgen_start;
  if (typeof start === 'function') {
    start();
  }
}

// The stock adapter cuts a script at every semicolon, function bodies included; PostgreSQL takes it whole.
function adapterFactory(
  pool: pg.Pool,
  onFailure: (error: unknown) => void,
): SqlMigrationAwareDriverAdapterFactory {
  const stock = new PrismaPg(pool);
  const connect = async () => {
    const adapter = await stock.connect();
    adapter.executeScript = async (script: string) => {
      await pool.query(script).catch((error: unknown) => {
        onFailure(error);
        throw error;
      });
    };
    return adapter;
  };
  return {
    provider: stock.provider,
    adapterName: stock.adapterName,
    connect,
    connectToShadowDb: () => stock.connectToShadowDb(),
  };
}

/**
 * Runs `work` with a schema engine on the connections of `pool`. Rejects with PostgreSQL's error when a script fails, and
 * with the engine's own otherwise.
 */
export async function withSchemaEngine<T>(
  pool: pg.Pool,
  work: (engine: SchemaEngine) => Promise<T>,
): Promise<T> {
  loaded ??= load();
  await loaded;
  const failures: unknown[] = [];
  const engine = await bindings.SchemaEngine.new(
    { datamodels: undefined },
    () => {},
    bindMigrationAwareSqlAdapterFactory(adapterFactory(pool, (error) => failures.push(error))),
  );
  try {
    return await work(engine);
  } catch (error) {
    // In a failed transaction the engine cannot note the failure, and reports that instead.
    throw failures[0] ?? error;
  } finally {
    engine.free();
  }
}

/** The SQL that leads from one schema.prisma (or from nothing) to another, as Prisma writes it. */
export function diffSchemas(pool: pg.Pool, from: string | undefined, to: string): Promise<string> {
  return withSchemaEngine(pool, async (engine) => {
    const { stdout } = await engine.diff({
      from: from === undefined ? { tag: 'empty' } : datamodel(from),
      to: datamodel(to),
      script: true,
      exitCode: null,
      filters: noFilters,
    });
    return stdout ?? '';
  });
}

function datamodel(content: string) {
  return { tag: 'schemaDatamodel' as const, files: [{ path: 'schema.prisma', content }] };
}
