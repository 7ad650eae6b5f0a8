/** What the operator policy of a test server allows beyond the defaults. */
export const labRules = {
  // The record of a live run names its kubeconfig by path.
  kubeconfigTrust: 'paths' as const,
  allow: {
    sidecars: true,
    kubeconfig: true,
    serviceAccountName: ['missing'],
    volumeFolders: ['/paperclip/*'],
    workspaceVolumeClaim: true,
  },
}

/** The same as an environment variable of the server. */
export const labPolicy = JSON.stringify(labRules)
