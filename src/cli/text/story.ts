import { type Output, styled } from "./terminal-output.ts";

/** Answer of `why`: sentences under headings, and the same facts for scripts. */
export interface Story {
  readonly chapters: readonly Chapter[];
  readonly plain: unknown;
}
export interface Chapter {
  /** Empty: no heading. */
  readonly heading: string;
  readonly sentences: readonly string[];
}

export function tell({ chapters }: Story, out: Output): void {
  const told = chapters.filter(({ sentences }) => sentences.length > 0);
  for (const [at, { heading, sentences }] of told.entries()) {
    if (at > 0) out.line();
    if (heading !== "") out.line(styled(heading, "bold"));
    for (const sentence of sentences) out.paragraph(sentence, 3);
  }
}
