import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/** A TCP link to a server that misbehaves when told to. */
export interface BadLink extends AsyncDisposable {
  readonly port: number
  /** Connections open right now. */
  readonly open: () => number
  /** Resets every connection. */
  reset(): void
  /** Half-open: what is open stays so, and carries nothing any more. */
  freeze(): void
  /** Accepts and resets at once, until told to stop. */
  refuse(on: boolean): void
}

export async function openBadLink(target: { host: string; port: number }): Promise<BadLink> {
  const pairs = new Set<readonly [Socket, Socket]>()
  let refusing = false
  const server = createServer((near) => {
    if (refusing) {
      near.resetAndDestroy()
      return
    }
    const far = connect(target)
    const pair = [near, far] as const
    pairs.add(pair)
    const drop = () => {
      pairs.delete(pair)
      near.destroy()
      far.destroy()
    }
    for (const [from, to] of [pair, [far, near] as const]) {
      from.setNoDelay(true)
      from.on('data', (bytes: Uint8Array) => to.write(bytes))
      from.on('close', drop)
      from.on('error', drop)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  function reset(): void {
    for (const [near, far] of pairs) {
      near.resetAndDestroy()
      far.destroy()
    }
  }

  return {
    port: (server.address() as AddressInfo).port,
    open: () => pairs.size,
    reset,
    freeze() {
      for (const [near, far] of pairs) {
        near.removeAllListeners('data').pause()
        far.removeAllListeners('data').pause()
      }
    },
    refuse(on) {
      refusing = on
    },
    async [Symbol.asyncDispose]() {
      reset()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
