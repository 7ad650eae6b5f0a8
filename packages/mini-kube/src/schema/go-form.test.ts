import { describe, expect, it } from 'vitest'
import { goDiff, goForm, templateForm } from './go-form.ts'

describe('the form of the server’s own types', () => {
  it('has every field in its place, with Go’s idea of nothing', () => {
    expect(goForm('ContainerPort', { containerPort: 80 })).toEqual({
      Name: '',
      HostPort: 0,
      ContainerPort: 80,
      Protocol: '',
      HostIP: '',
    })
    expect(Object.keys(goForm('Volume', { name: 'v', emptyDir: {} })).slice(0, 3)).toEqual([
      'Name',
      'HostPath',
      'EmptyDir',
    ])
  })
  it('keeps in the security context what is beside it on the wire', () => {
    const { SecurityContext } = goForm('PodSpec', { hostNetwork: true, securityContext: { runAsUser: 5 } })
    expect(SecurityContext).toMatchObject({ HostNetwork: true, HostPID: false, RunAsUser: 5, RunAsGroup: null })
  })
  it('leaves metadata as it is', () =>
    expect(templateForm({ metadata: { labels: { a: 'b' } }, spec: {} })).toMatchObject({ labels: { a: 'b' } }))
})

describe('a difference', () => {
  const lines = (...changed: number[]) =>
    Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`k${index}`, changed.includes(index) ? 'new' : 'old']))
  it('shows three lines on each side', () =>
    expect(goDiff(lines(), lines(9))).toBe(
      [
        '@@ -8,7 +8,7 @@',
        '  "k6": "old",',
        '  "k7": "old",',
        '  "k8": "old",',
        '- "k9": "old",',
        '+ "k9": "new",',
        '  "k10": "old",',
        '  "k11": "old",',
        '  "k12": "old",',
        '',
      ].join('\n'),
    ))
  it.each([
    [[3, 10], 1],
    [[3, 11], 2],
    [[0, 19], 2],
  ])('of %j has as many parts as it needs', (changed, parts) =>
    expect(goDiff(lines(), lines(...changed)).match(/^@@/gm)).toHaveLength(parts),
  )
  it('shows what is new and what is gone', () => {
    expect(goDiff({ a: null }, { a: ['x'] })).toBe('@@ -1,3 +1,5 @@\n {\n- "a": null\n+ "a": [\n+  "x"\n+ ]\n }\n')
  })
})
