/** There was no answer: the connection failed, or the answer took too long. */
export class Unreachable extends Error {
  /** @param {"offline" | "timeout" | "network"} reason */
  constructor(reason) {
    super(reason);
    this.reason = reason;
  }
}

/** An answer with an error status; `body` is its problem document (RFC 9457), {} where there is none. */
export class Problem extends Error {
  /** @param {number} status @param {{title?: string, detail?: string, web?: object}} body */
  constructor(status, body) {
    super(body.detail ?? body.title ?? `HTTP ${status}`);
    this.status = status;
    this.body = body;
  }

  /** Whether the same request may succeed later. */
  get temporary() {
    return [408, 429, 502, 503, 504].includes(this.status);
  }
}

async function problem(response) {
  try {
    return new Problem(response.status, await response.json());
  } catch {
    return new Problem(response.status, {});
  }
}

/**
 * Sends one request to the api through the web tier.
 * @param {string} path
 * @param {{method?: string, body?: object, headers?: Record<string, string>, timeout?: number}} [options]
 *   timeout in ms
 * @returns {Promise<{body: any, ms: number, upstreamMs: number | null}>} ms: until the answer's
 *   headers; upstreamMs: the part of it behind web, null where web did not report it
 * @throws {Unreachable | Problem}
 */
export async function request(path, { method = "GET", body, headers = {}, timeout = 15_000 } = {}) {
  const started = performance.now();
  try {
    const response = await fetch(path, {
      method,
      headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
      signal: AbortSignal.timeout(timeout),
    });
    const ms = performance.now() - started;
    if (!response.ok) throw await problem(response);
    return {
      body: response.status === 204 ? null : await response.json(),
      ms,
      upstreamMs: upstreamMs(response),
    };
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (error.name === "TimeoutError") throw new Unreachable("timeout");
    throw new Unreachable(navigator.onLine ? "network" : "offline");
  }
}

// "0.002" in seconds, or "0.001, 0.002" where web tried more than one pod.
function upstreamMs(response) {
  const parts = (response.headers.get("X-Upstream-Time") ?? "").split(/[,:]/).map(Number.parseFloat);
  return parts.some(Number.isNaN) ? null : 1000 * parts.reduce((sum, part) => sum + part, 0);
}

/**
 * A random UUID. Browsers have crypto.randomUUID only on https and on localhost, and a lab machine is neither.
 * @returns {string}
 */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
