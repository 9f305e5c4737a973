import { randomBytes } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import type { Database } from '../../src/db/database.ts';
import { createTurns } from '../../src/db/turns.ts';
import type { TransactionRunner } from '../../src/domain/transaction.ts';

/** Runs transactions on a database as the gateway does. */
export function runnerOn(database: Database): TransactionRunner {
  const { prisma } = database;
  const enqueue = () => Promise.reject(new Error('These tests have no queue.'));
  const invitations = { redirectUrls: ['https://app.example.com/'] };
  return {
    prisma,
    inTurn: createTurns(),
    newId: () => uuidv7(),
    randomBytes,
    invitations,
    enqueue,
  };
}
