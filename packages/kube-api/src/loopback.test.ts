import { expect, it } from 'vitest'
import { isLoopback } from './loopback.ts'

it.each([
  'http://localhost:8080',
  'http://127.0.0.1',
  'http://127.255.0.9:1',
  'http://[::1]:8080',
  'socks5://127.0.0.1:1080',
])('recognises %s as an address of this machine', (server) => {
  expect(isLoopback(server)).toBe(true)
})

it.each([
  'http://127.evil.example',
  'http://localhost.evil.example',
  'http://evil.example/localhost',
  'http://128.0.0.1',
  'http://126.255.255.255',
  'http://0.0.0.0',
  'http://[::2]',
  'http://[::ffff:10.0.0.1]',
  'localhost',
  '',
])('treats %s as another machine', (server) => {
  expect(isLoopback(server)).toBe(false)
})
