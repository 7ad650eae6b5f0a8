/** One JSON answer. */
export interface ApiAnswer {
  status: number
  json: unknown
}

/** Calls Paperclip once; an answer that is not JSON is returned as text. */
export async function apiCall(
  url: string,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
): Promise<ApiAnswer> {
  const response = await fetch(url + path, {
    method,
    headers: { 'content-type': 'application/json', connection: 'close', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await response.text()
  try {
    return { status: response.status, json: JSON.parse(text) as unknown }
  } catch (error) {
    if (error instanceof SyntaxError) return { status: response.status, json: text }
    throw error
  }
}
