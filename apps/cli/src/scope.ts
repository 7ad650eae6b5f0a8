/** Collects what must be undone; undoes it in reverse order, all of it, even when some of it fails. */
export interface Scope extends AsyncDisposable {
  defer(undo: () => unknown): void
}

// AsyncDisposableStack does the same, but Node 22 does not have it.
/** Makes an empty scope. */
export function createScope(): Scope {
  const steps: (() => unknown)[] = []
  return {
    defer: (undo) => void steps.push(undo),
    [Symbol.asyncDispose]: async () => {
      const errors: unknown[] = []
      for (const undo of steps.splice(0).toReversed()) {
        try {
          await undo()
        } catch (error) {
          errors.push(error)
        }
      }
      if (errors.length === 1) throw errors[0]
      if (errors.length > 1) throw new AggregateError(errors, `${errors.length} steps of the clean-up failed`)
    },
  }
}
