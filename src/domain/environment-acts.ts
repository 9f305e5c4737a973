/** What callers do to the environment. */
import { type Caller, perform } from './act.ts';
import { demand } from './authorize.ts';
import { type EnvironmentChanges, updateEnvironment } from './environment-update.ts';

/** Binds the acts to a caller. */
export function environmentActs(caller: Caller) {
  return {
    /** Changes the settings. @throws ConflictError, MembershipsExistError, RoleTooHighError, and as every act */
    update: (input: EnvironmentChanges) =>
      perform(caller, {
        environment: 'exclusive',
        authorize: (principal) => demand(principal, 'environment:update'),
        async work(tx) {
          await updateEnvironment(tx, input);
          return {};
        },
      }),
  };
}
