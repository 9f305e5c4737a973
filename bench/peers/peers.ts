/** The peers by name. */
import type { Question } from '../operations.ts';
import { betterAuth } from './better-auth.ts';
import { mercurius, postgraphile, pothos } from './graphql.ts';
import type { Peer } from './peer.ts';

export const PEERS: Record<string, Peer> = {
  pothos,
  mercurius,
  postgraphile,
  'better-auth': betterAuth,
};

/** Whether the contender of that name has that operation. What is no peer has them all. */
export function has(name: string, operation: Question['operation']): boolean {
  return PEERS[name]?.operations.includes(operation) ?? true;
}

/** The database that the contender of that name uses, by the URL of Gatehouse's. */
export function databaseUrlOf(name: string, url: string): string {
  return PEERS[name]?.databaseUrl(url) ?? url;
}
