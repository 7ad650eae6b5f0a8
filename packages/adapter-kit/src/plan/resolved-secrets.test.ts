import { expect, it } from 'vitest'
import { resolvedSecrets } from './resolved-secrets.ts'

it('finds every value that Paperclip has read from a secret, whatever its name', () => {
  const manifest = [
    { configPath: 'env.COLOR', envKey: 'COLOR', secretId: 's1', outcome: 'success' },
    { configPath: 'env.WITH.DOT', envKey: 'WITH.DOT', secretId: 's4', outcome: 'success' },
    { configPath: 'kubeconfig', envKey: null, secretId: 's2', outcome: 'success' },
    { configPath: 'providerOptions', envKey: null, secretId: 's3', outcome: 'success' },
    { configPath: 'env.ABSENT' },
    {},
    null,
  ]
  const config = {
    env: { COLOR: 'blue-sky-thinking', PLAIN: 'open', 'WITH.DOT': 'dotted-value' },
    kubeconfig: 'apiVersion: v1',
    providerOptions: { openai: { options: { key: 'nested-value' } } },
  }
  expect(resolvedSecrets({ paperclipSecrets: { manifest } }, config)).toEqual([
    'blue-sky-thinking',
    'dotted-value',
    'apiVersion: v1',
    'nested-value',
  ])
})

it.each([{}, { paperclipSecrets: null }, { paperclipSecrets: { manifest: 'x' } }])('finds nothing in %j', (context) => {
  expect(resolvedSecrets(context, { env: { A: 'b' } })).toEqual([])
})
