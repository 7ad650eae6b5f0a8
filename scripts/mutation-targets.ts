/** What to change in a package, and the tests that must notice. */
export interface MutationTarget {
  readonly files: readonly string[]
  /** Default: all unit tests of the package. Fewer make a run faster; a survivor is then one of these tests. */
  readonly tests?: readonly string[]
}

/**
 * The modules of each package whose decisions matter most. `pnpm mutate PACKAGE` changes these unless `--files` names
 * others.
 */
export const mutationTargets: Readonly<Record<string, MutationTarget>> = {
  'kube-api': {
    files: [
      'src/watch/watch-state.ts',
      'src/watch/object-store.ts',
      'src/refusal.ts',
      'src/call-with-retry.ts',
      'src/kubeconfig/trust.ts',
      'src/kubeconfig/kube-config-document.ts',
      'src/credentials/clear-text.ts',
      'src/loopback.ts',
    ],
    tests: [
      'src/watch/{watch-state,object-store,reflector}.test.ts',
      'src/{refusal,loopback,call-with-retry,proxy-from-environment}.test.ts',
      'src/kubeconfig/load-kube-config.test.ts',
      'src/credentials/clear-text.test.ts',
    ],
  },
  'k8s-job-runner': {
    files: ['src/judge-outcome.ts', 'src/follow-step.ts', 'src/start-judgement.ts', 'src/start-cause.ts'],
    tests: ['src/{judge-outcome,follow-step,start-judgement,recordings,run-evidence,kueue-recordings}.test.ts'],
  },
  'orphan-classifier': { files: ['src/**/*.ts'] },
  'log-stream': {
    files: ['src/judge-response.ts', 'src/frame-ledger.ts'],
    tests: ['src/{judge-response,frame-ledger,forged-frames}.test.ts'],
  },
  'agent-run': { files: ['src/judge-run.ts'], tests: ['src/judge-run.test.ts'] },
  'claude-stream-parser': { files: ['src/**/*.ts'] },
  'opencode-stream-parser': { files: ['src/**/*.ts'] },
  'codex-stream-parser': { files: ['src/**/*.ts'] },
  launcher: { files: ['src/validate-spec.ts'], tests: ['src/validate-spec.test.ts'] },
  primitives: { files: ['src/{backoff,path-containment,waiting}.ts'] },
  frames: { files: ['src/**/*.ts'] },
  'adapter-kit': {
    files: [
      'src/policy/*.ts',
      'src/acquire/decide-acquisition.ts',
      'src/session/{decide-resume,next-session}.ts',
      'src/result/{conclude-run,outcome-codes,error-family}.ts',
      'src/paperclip-api/mcp-servers.ts',
      'src/plan/isolation.ts',
    ],
    tests: [
      'src/policy/*.test.ts',
      'src/acquire/decide-acquisition.test.ts',
      'src/session/session.test.ts',
      'src/result/conclude-run.test.ts',
      'src/paperclip-api/mcp-servers.test.ts',
      'src/plan/isolation.test.ts',
    ],
  },
  'adapter-codex-k8s': {
    files: ['src/{codex-arguments,codex-config,codex-billing,mcp-tables,run-summary,toml}.ts'],
    tests: ['src/{codex-arguments,codex-config,codex-billing,run-summary,toml}.test.ts'],
  },
}
