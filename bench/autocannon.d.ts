/** The part of autocannon that is used here; it brings no types of its own. */
declare module 'autocannon' {
  type Sent = { method: string; path: string; headers: Record<string, string>; body?: string };
  type Client = {
    setRequests(requests: Sent[]): void;
  };
  type Options = {
    url: string;
    connections: number;
    /** Seconds. */
    duration: number;
    /** Seconds. */
    timeout: number;
    /** Milliseconds between samples. */
    sampleInt: number;
    setupClient(client: Client): void;
  };
  type Result = { errors: number; non2xx: number };
  type Run = Promise<Result> & {
    /** Ends the run at the next sample. */
    stop(): void;
    on(
      event: 'response',
      listener: (client: Client, status: number, bytes: number, milliseconds: number) => void,
    ): Run;
  };
  function autocannon(options: Options): Run;
  export = autocannon;
}
