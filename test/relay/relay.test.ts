import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  buildSchema,
  type DocumentNode,
  getNamedType,
  isObjectType,
  parse,
  print,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createGateway, type TestGateway } from '../support/gateway.ts';

const root = new URL('../../', import.meta.url);
const compiler = fileURLToPath(new URL('node_modules/relay-compiler/cli.js', root));
const schemaFile = fileURLToPath(new URL('schema.graphql', root));

/** Ids of nobody: a page may be empty. */
const usr = 'usr_01h45ytscbebyvny4gc8cr8ma2';
const mbr = 'mbr_01h45ytscbebyvny4gc8cr8ma2';

let folder: string;
/** By the module they stand in. */
let documents: Record<string, DocumentNode>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehouse-relay-'));
  const own = new URL('.', import.meta.url);
  const files = (await readdir(own)).filter((file) => file.endsWith('.graphql'));
  documents = Object.fromEntries(
    await Promise.all(
      files.map(async (file) => {
        const text = await readFile(new URL(file, own), 'utf8');
        return [basename(file, '.graphql'), parse(text)] as const;
      }),
    ),
  );
});

afterAll(() => rm(folder, { recursive: true }));

/** Compiles modules with these documents, and resolves to the text of every operation that Relay would send. */
async function compile(project: string, modules: Record<string, DocumentNode>): Promise<string[]> {
  const at = join(folder, project);
  await mkdir(join(at, 'src'), { recursive: true });
  await cp(schemaFile, join(at, 'schema.graphql'));
  for (const [name, { definitions }] of Object.entries(modules)) {
    const tags = definitions.map((definition) => `graphql\`\n${print(definition)}\n\`;`);
    await writeFile(join(at, 'src', `${name}.js`), tags.join('\n'));
  }
  await writeFile(join(at, 'operations.json'), '{}');
  await writeFile(
    join(at, 'relay.config.json'),
    JSON.stringify({
      src: './src',
      schema: './schema.graphql',
      language: 'javascript',
      persistConfig: { file: './operations.json' },
    }),
  );
  const run = promisify(execFile)(process.execPath, [compiler, 'relay.config.json'], { cwd: at });
  const { stdout, stderr } = await run.catch((error) => {
    throw new Error(`${error.stdout}\n${error.stderr}`);
  });
  expect(`${stdout}${stderr}`).not.toMatch(/error|warn/i);
  return Object.values(JSON.parse(await readFile(join(at, 'operations.json'), 'utf8')));
}

it('compiles, and what it compiles to is answered without an error', async () => {
  const operations = await compile('all', documents);
  // What a page is opened with, and what its list is paged with; a mutation is not done again to page what it answers.
  const isMutation = (document: DocumentNode) => print(document).startsWith('mutation');
  const mutations = Object.values(documents).filter(isMutation).length;
  expect(operations).toHaveLength(2 * Object.keys(documents).length - mutations);
  const world: TestGateway = await createGateway();
  try {
    const created = await world.ask<{ organizationCreate: { organization: { id: string } } }>(
      `mutation { organizationCreate(input: { displayName: "Relay" }) {
        ... on OrganizationCreatePayload { organization { id } } } }`,
    );
    const { id } = created.data?.organizationCreate.organization ?? {};
    for (const operation of operations) {
      const isUser = operation.includes('UserBy!');
      const isMembership = operation.includes('MembershipBy!');
      const by = { id: isUser ? usr : isMembership ? mbr : id };
      for (const page of [{ first: 1 }, { first: null, last: 1 }]) {
        const { data, errors } = await world.ask(operation, {
          by,
          id,
          input: { membershipId: mbr },
          ...page,
        });
        expect(errors, operation).toBeUndefined();
        expect(data, operation).toBeTruthy();
      }
    }
  } finally {
    await world.close();
  }
});

it('is tried with every connection of the schema, in both directions', async () => {
  const schema = buildSchema(await readFile(schemaFile, 'utf8'));
  const connections = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__')
      ? Object.values(type.getFields())
          .filter((field) => getNamedType(field.type).name.endsWith('Connection'))
          .map((field) => `${type.name}.${field.name}`)
      : [],
  );
  expect(connections.length).toBeGreaterThanOrEqual(10);
  const used: string[] = [];
  const info = new TypeInfo(schema);
  for (const document of Object.values(documents)) {
    const fields = visitWithTypeInfo(info, {
      Field({ name, directives, arguments: given }) {
        const names = given?.map((argument) => argument.name.value) ?? [];
        const isPaged = directives?.some((directive) => directive.name.value === 'connection');
        if (isPaged && ['first', 'after', 'last', 'before'].every((arg) => names.includes(arg))) {
          used.push(`${info.getParentType()?.name}.${name.value}`);
        }
      },
    });
    visit(document, fields);
  }
  expect(used.sort()).toEqual(connections.sort());
});

it('refuses what is wrong', async () => {
  const text = 'query WrongQuery { viewer { kin } }';
  await expect(compile('wrong', { Wrong: parse(text) })).rejects.toThrow(/kin/);
});
