/** Who may come in: decided for every request and every socket before anything else looks at it. */
import type { IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import { isSameToken } from './token.ts';

export interface GuardOptions {
  readonly token: string;
  readonly port: number;
  /** Host name or address that the server was told to listen on. */
  readonly host: string;
}

export interface Refusal {
  readonly status: number;
  readonly message: string;
}

const URL_MAX = 2048;

export class Guard {
  readonly #token: string;
  readonly #authorities: ReadonlySet<string>;
  readonly #cookie: string;
  readonly #port: number;
  /** Listening on every address: any of them may be asked for, but still no foreign name. */
  readonly #isEverywhere: boolean;

  constructor({ token, port, host }: GuardOptions) {
    this.#token = token;
    this.#port = port;
    this.#isEverywhere = host === '0.0.0.0' || host === '::';
    const names = ['localhost', '127.0.0.1', '[::1]', host.includes(':') ? `[${host}]` : host];
    this.#authorities = new Set(names.flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]));
    // cookies do not tell ports apart
    this.#cookie = `skbtracer-${port}`;
  }

  /** A request of any kind: its Host must be ours (a foreign name may have been pointed here), its Origin too. */
  refuse(request: IncomingMessage): Refusal | undefined {
    const { host, origin } = request.headers;
    if ((request.url ?? '').length > URL_MAX) return { status: 414, message: 'the address is too long' };
    if (host === undefined || !this.#isOurAuthority(host))
      return {
        status: 421,
        message: 'this server does not answer to that name; open http://localhost and its port',
      };
    if (origin !== undefined && !this.#isOurs(origin))
      return { status: 403, message: 'requests from other sites are refused' };
    return undefined;
  }

  /** The same for what needs the token: a page's cookie, or `Authorization: Bearer` of a program. */
  refuseWithoutToken(request: IncomingMessage): Refusal | undefined {
    const refusal = this.refuse(request);
    if (refusal !== undefined) return refusal;
    if (this.#hasToken(request)) return undefined;
    return { status: 401, message: 'open the address with the token that skbtracer printed when it started' };
  }

  /** The Set-Cookie header for a right `?token=`, undefined for a wrong one. */
  admit(given: string): string | undefined {
    if (!isSameToken(given, this.#token)) return undefined;
    return `${this.#cookie}=${this.#token}; HttpOnly; SameSite=Strict; Path=/; Max-Age=31536000`;
  }

  #isOurs(origin: string): boolean {
    return origin.startsWith('http://') && this.#isOurAuthority(origin.slice('http://'.length));
  }

  #isOurAuthority(authority: string): boolean {
    const text = authority.toLowerCase();
    if (this.#authorities.has(text)) return true;
    // a name can be pointed here by anyone, an address cannot
    const address = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(text);
    const isAddress = isIP(address?.[1] ?? address?.[2] ?? '') !== 0;
    return this.#isEverywhere && isAddress && Number(address?.[3] ?? 80) === this.#port;
  }

  #hasToken(request: IncomingMessage): boolean {
    const bearer = /^Bearer ([0-9a-f]+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (bearer !== undefined) return isSameToken(bearer, this.#token);
    const cookies = (request.headers.cookie ?? '').split(';').map((cookie) => cookie.trim());
    const own = cookies.find((cookie) => cookie.startsWith(`${this.#cookie}=`));
    return own !== undefined && isSameToken(own.slice(this.#cookie.length + 1), this.#token);
  }
}
