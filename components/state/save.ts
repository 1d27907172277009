/** Where the server gives the session as a recording. */
export const SESSION_FILE = '/session.skbt';

/** As a click on its link does. */
export function saveSession(): void {
  const link = document.createElement('a');
  link.href = SESSION_FILE;
  link.download = '';
  link.click();
}
