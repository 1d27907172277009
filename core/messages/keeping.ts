/** What is kept on the disk of the session that runs, as the page is told. */
export type Keeping =
  /** Nothing is kept; `why` for people: it was asked for, or there is no place. */
  | { readonly phase: 'off'; readonly why: string }
  | {
      readonly phase: 'on';
      readonly folder: string;
      /** Of the recording that is written now; '' before the session's first packet. */
      readonly file: string;
      /** Of everything in the folder, and as much as there may be. */
      readonly bytes: number;
      readonly limitBytes: number;
      readonly files: number;
      /** Recordings that gave way to newer ones since the server started. */
      readonly removed: number;
      /** Packets cannot be found in what is written now; why. */
      readonly indexFault?: string;
    }
  /** It was kept until then; the capture goes on in memory. */
  | { readonly phase: 'failed'; readonly why: string };
