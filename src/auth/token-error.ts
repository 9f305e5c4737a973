/** Thrown for a token that is not accepted. `reason` is for the log alone, and holds nothing of the token. */
export class TokenError extends Error {
  override readonly name = 'TokenError';
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(`The token is refused: ${reason}.`, options);
    this.reason = reason;
  }
}
