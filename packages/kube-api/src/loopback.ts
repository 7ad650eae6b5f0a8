import { BlockList, isIP } from 'node:net'

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

/** Whether an address is on this machine: `localhost` or a loopback IP, but not names that only start like one. */
export function isLoopback(server: string): boolean {
  const hostname = URL.parse(server)?.hostname.replace(/^\[(.*)\]$/, '$1') ?? ''
  if (hostname === 'localhost') return true
  const family = isIP(hostname)
  return family !== 0 && loopback.check(hostname, family === 6 ? 'ipv6' : 'ipv4')
}
