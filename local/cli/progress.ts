/**
 * Progress for people, on stderr, as it happens: stdout stays free for what a program could read.
 * Plain lines with elapsed times, not a redrawn screen, so that they read the same in a CI log.
 */
export class Progress {
  private readonly started = performance.now();

  constructor(private readonly quiet = false) {}

  line(subject: string, text: string): void {
    if (this.quiet) return;
    process.stderr.write(`${this.elapsed()}  ${subject.padEnd(12)} ${text}\n`);
  }

  elapsed(): string {
    return seconds(performance.now() - this.started).padStart(7);
  }
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)}s`;
}
