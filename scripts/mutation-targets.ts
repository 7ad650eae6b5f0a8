/**
 * The modules of each package that decide something, and must therefore be right. `pnpm mutate PACKAGE` changes these
 * unless it is told other files.
 */
export const mutationTargets: Readonly<Record<string, readonly string[]>> = {
  'kube-api': [
    'src/watch/watch-state.ts',
    'src/watch/object-store.ts',
    'src/refusal.ts',
    'src/call-with-retry.ts',
    'src/kubeconfig/trust.ts',
    'src/kubeconfig/kube-config-document.ts',
    'src/credentials/clear-text.ts',
    'src/loopback.ts',
  ],
  'k8s-job-runner': ['src/judge-outcome.ts', 'src/follow-step.ts', 'src/start-judgement.ts', 'src/start-cause.ts'],
  'orphan-classifier': ['src/**/*.ts'],
  'log-stream': ['src/judge-response.ts', 'src/frame-ledger.ts'],
  'agent-run': ['src/judge-run.ts'],
  'claude-stream-parser': ['src/**/*.ts'],
  'opencode-stream-parser': ['src/**/*.ts'],
  'codex-stream-parser': ['src/**/*.ts'],
  launcher: ['src/validate-spec.ts'],
  primitives: ['src/backoff.ts', 'src/path-containment.ts', 'src/waiting.ts'],
  frames: ['src/**/*.ts'],
  'adapter-kit': ['src/policy/*.ts'],
}
