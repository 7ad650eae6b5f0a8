import type { V1Container, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import type { CommonSettings } from '../agent/agent-definition.ts'

/** A Docker daemon beside the agent. */
export interface DockerSidecar {
  sidecars: V1Container[]
  volumes: V1Volume[]
  mounts: V1VolumeMount[]
  env: Record<string, string>
}

const socketDirectory = '/var/run/agent-docker'
const socket = `unix://${socketDirectory}/docker.sock`

/** Builds the sidecar. The startup probe holds the agent back until the daemon answers, so nobody has to wait in a loop. */
export function dockerSidecar(settings: CommonSettings): DockerSidecar {
  const mount = { name: 'docker-socket', mountPath: socketDirectory }
  return {
    env: { DOCKER_HOST: socket },
    volumes: [
      { name: 'docker-graph', emptyDir: {} },
      { name: 'docker-socket', emptyDir: {} },
    ],
    mounts: [mount],
    sidecars: [
      {
        name: 'dind',
        image: settings.dockerImage,
        args: [`--host=${socket}`, '--storage-driver=overlay2', '--group=1000'],
        env: [{ name: 'DOCKER_TLS_CERTDIR', value: '' }],
        securityContext: { privileged: true, runAsUser: 0, runAsNonRoot: false },
        resources: {
          requests: { cpu: '100m', memory: '256Mi' },
          limits: {
            ...(settings.dockerCpuLimit === undefined ? {} : { cpu: settings.dockerCpuLimit }),
            ...(settings.dockerMemoryLimit === undefined ? {} : { memory: settings.dockerMemoryLimit }),
          },
        },
        startupProbe: {
          exec: { command: ['docker', '--host', socket, 'version'] },
          periodSeconds: 1,
          failureThreshold: 60,
        },
        volumeMounts: [{ name: 'docker-graph', mountPath: '/var/lib/docker' }, mount],
      },
    ],
  }
}
