import { describe, expect, it } from 'vitest'
import { readRoute } from './route.ts'

describe('readRoute', () => {
  it.each([
    ['/v1/messages', undefined, '', 'messages'],
    ['/messages', undefined, '', 'messages'],
    ['/s/text/v1/messages', 'text', 'text', 'messages'],
    ['/s/text/run-7/v1/messages', 'text', 'text/run-7', 'messages'],
    ['/s/text/run-7/v1/messages/count_tokens', 'text', 'text/run-7', 'count-tokens'],
    ['/s/429-once/run-7/v1/chat/completions', '429-once', '429-once/run-7', 'chat'],
    ['/s/tool/v1/models', 'tool', 'tool', 'models'],
    ['/s/a%20b/v1/models', 'a b', 'a b', 'models'],
    ['/s/a%ZZb/v1/models', 'a%ZZb', 'a%ZZb', 'models'],
    ['/', undefined, '', 'root'],
    ['/s/text', 'text', 'text', 'root'],
    ['/s/text/a/b/c/messages', 'text', 'text', 'unknown'],
    ['/api/event_logging', undefined, '', 'unknown'],
  ])('reads %s', (path, scenario, counter, endpoint) => {
    expect(readRoute(path)).toEqual({ scenario, counter, endpoint })
  })
})
