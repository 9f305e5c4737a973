/**
 * Leaves triggers out until the transaction ends, where the role may do so. What is loaded refers to what is there, and
 * brings its sort keys along, so looking at every row again would change nothing.
 */
export const WITHOUT_TRIGGERS = `
  SELECT set_config('session_replication_role', 'replica', true) FROM pg_roles WHERE rolname = current_user AND rolsuper`;
