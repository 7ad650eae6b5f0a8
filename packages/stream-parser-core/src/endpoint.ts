/** Host and path of a URL: without credentials, query and fragment. Null for anything but an HTTP URL. */
export function endpointOf(url: string | null): string | null {
  if (url === null || !URL.canParse(url)) return null
  const { protocol, host, pathname } = new URL(url)
  return protocol === 'https:' || protocol === 'http:' ? `${host}${pathname}`.slice(0, 200) : null
}
