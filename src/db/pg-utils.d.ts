declare module 'pg/lib/utils.js' {
  const utils: {
    /** The value of a parameter as PostgreSQL's text, as `pg` does it for its own queries. */
    prepareValue(value: unknown): string | Buffer | null;
  };
  export = utils;
}
