// Made by scripts/generate-schema.ts from the OpenAPI documents of Kubernetes 1.36.3; see kube-schema.ts for the notation.
export const kubeFields: Readonly<Record<string, string>> = {
  'batch.v1.Job': 'apiVersion:s kind:s metadata:@meta.v1.ObjectMeta spec:@batch.v1.JobSpec status:@batch.v1.JobStatus',
  'batch.v1.JobCondition': 'lastProbeTime:t lastTransitionTime:t message:s reason:s status*:s type*:s',
  'batch.v1.JobSpec':
    'activeDeadlineSeconds:l backoffLimit:i backoffLimitPerIndex:i completionMode:s completions:i managedBy:s manualSelector:b maxFailedIndexes:i parallelism:i podFailurePolicy:@batch.v1.PodFailurePolicy podReplacementPolicy:s selector:@meta.v1.LabelSelector successPolicy:@batch.v1.SuccessPolicy suspend:b template*:@core.v1.PodTemplateSpec ttlSecondsAfterFinished:i',
  'batch.v1.JobStatus':
    'active:i completedIndexes:s completionTime:t conditions:[@batch.v1.JobCondition]~m=type~atomic failed:i failedIndexes:s ready:i startTime:t succeeded:i terminating:i uncountedTerminatedPods:@batch.v1.UncountedTerminatedPods',
  'batch.v1.PodFailurePolicy': 'rules*:[@batch.v1.PodFailurePolicyRule]~atomic',
  'batch.v1.PodFailurePolicyOnExitCodesRequirement': 'containerName:s operator*:s values*:[i]~set',
  'batch.v1.PodFailurePolicyOnPodConditionsPattern': 'status:s type*:s',
  'batch.v1.PodFailurePolicyRule':
    'action*:s onExitCodes:@batch.v1.PodFailurePolicyOnExitCodesRequirement onPodConditions:[@batch.v1.PodFailurePolicyOnPodConditionsPattern]~atomic',
  'batch.v1.SuccessPolicy': 'rules*:[@batch.v1.SuccessPolicyRule]~atomic',
  'batch.v1.SuccessPolicyRule': 'succeededCount:i succeededIndexes:s',
  'batch.v1.UncountedTerminatedPods': 'failed:[s]~set succeeded:[s]~set',
  'coordination.v1.Lease': 'apiVersion:s kind:s metadata:@meta.v1.ObjectMeta spec:@coordination.v1.LeaseSpec',
  'coordination.v1.LeaseSpec':
    'acquireTime:u holderIdentity:s leaseDurationSeconds:i leaseTransitions:i preferredHolder:s renewTime:u strategy:s',
  'core.v1.AWSElasticBlockStoreVolumeSource': 'fsType:s partition:i readOnly:b volumeID*:s',
  'core.v1.Affinity':
    'nodeAffinity:@core.v1.NodeAffinity podAffinity:@core.v1.PodAffinity podAntiAffinity:@core.v1.PodAntiAffinity',
  'core.v1.AppArmorProfile': 'localhostProfile:s type*:s',
  'core.v1.AttachedVolume': 'devicePath*:s name*:s',
  'core.v1.AzureDiskVolumeSource': 'cachingMode:s diskName*:s diskURI*:s fsType:s kind:s readOnly:b',
  'core.v1.AzureFileVolumeSource': 'readOnly:b secretName*:s shareName*:s',
  'core.v1.CSIVolumeSource':
    'driver*:s fsType:s nodePublishSecretRef:@core.v1.LocalObjectReference readOnly:b volumeAttributes:{s}',
  'core.v1.Capabilities': 'add:[s]~atomic drop:[s]~atomic',
  'core.v1.CephFSVolumeSource':
    'monitors*:[s]~atomic path:s readOnly:b secretFile:s secretRef:@core.v1.LocalObjectReference user:s',
  'core.v1.CinderVolumeSource': 'fsType:s readOnly:b secretRef:@core.v1.LocalObjectReference volumeID*:s',
  'core.v1.ClusterTrustBundleProjection': 'labelSelector:@meta.v1.LabelSelector name:s optional:b path*:s signerName:s',
  'core.v1.ConfigMap': 'apiVersion:s binaryData:{y} data:{s} immutable:b kind:s metadata:@meta.v1.ObjectMeta',
  'core.v1.ConfigMapEnvSource': 'name:s optional:b',
  'core.v1.ConfigMapKeySelector': 'key*:s name:s optional:b',
  'core.v1.ConfigMapNodeConfigSource': 'kubeletConfigKey*:s name*:s namespace*:s resourceVersion:s uid:s',
  'core.v1.ConfigMapProjection': 'items:[@core.v1.KeyToPath]~atomic name:s optional:b',
  'core.v1.ConfigMapVolumeSource': 'defaultMode:i items:[@core.v1.KeyToPath]~atomic name:s optional:b',
  'core.v1.Container':
    'args:[s]~atomic command:[s]~atomic env:[@core.v1.EnvVar]~m=name~map=name envFrom:[@core.v1.EnvFromSource]~atomic image:s imagePullPolicy:s lifecycle:@core.v1.Lifecycle livenessProbe:@core.v1.Probe name*:s ports:[@core.v1.ContainerPort]~m=containerPort~map=containerPort,protocol readinessProbe:@core.v1.Probe resizePolicy:[@core.v1.ContainerResizePolicy]~atomic resources:@core.v1.ResourceRequirements restartPolicy:s restartPolicyRules:[@core.v1.ContainerRestartRule]~atomic securityContext:@core.v1.SecurityContext startupProbe:@core.v1.Probe stdin:b stdinOnce:b terminationMessagePath:s terminationMessagePolicy:s tty:b volumeDevices:[@core.v1.VolumeDevice]~m=devicePath~map=devicePath volumeMounts:[@core.v1.VolumeMount]~m=mountPath~map=mountPath workingDir:s',
  'core.v1.ContainerExtendedResourceRequest': 'containerName*:s requestName*:s resourceName*:s',
  'core.v1.ContainerImage': 'names:[s]~atomic sizeBytes:l',
  'core.v1.ContainerPort': 'containerPort*:i hostIP:s hostPort:i name:s protocol:s',
  'core.v1.ContainerResizePolicy': 'resourceName*:s restartPolicy*:s',
  'core.v1.ContainerRestartRule': 'action*:s exitCodes:@core.v1.ContainerRestartRuleOnExitCodes',
  'core.v1.ContainerRestartRuleOnExitCodes': 'operator*:s values:[i]~set',
  'core.v1.ContainerState':
    'running:@core.v1.ContainerStateRunning terminated:@core.v1.ContainerStateTerminated waiting:@core.v1.ContainerStateWaiting',
  'core.v1.ContainerStateRunning': 'startedAt:t',
  'core.v1.ContainerStateTerminated': 'containerID:s exitCode*:i finishedAt:t message:s reason:s signal:i startedAt:t',
  'core.v1.ContainerStateWaiting': 'message:s reason:s',
  'core.v1.ContainerStatus':
    'allocatedResources:{q} allocatedResourcesStatus:[@core.v1.ResourceStatus]~m=name~map=name containerID:s image*:s imageID*:s lastState:@core.v1.ContainerState name*:s ready*:b resources:@core.v1.ResourceRequirements restartCount*:i started:b state:@core.v1.ContainerState stopSignal:s user:@core.v1.ContainerUser volumeMounts:[@core.v1.VolumeMountStatus]~m=mountPath~map=mountPath',
  'core.v1.ContainerUser': 'linux:@core.v1.LinuxContainerUser',
  'core.v1.DaemonEndpoint': 'Port*:i',
  'core.v1.DownwardAPIProjection': 'items:[@core.v1.DownwardAPIVolumeFile]~atomic',
  'core.v1.DownwardAPIVolumeFile':
    'fieldRef:@core.v1.ObjectFieldSelector mode:i path*:s resourceFieldRef:@core.v1.ResourceFieldSelector',
  'core.v1.DownwardAPIVolumeSource': 'defaultMode:i items:[@core.v1.DownwardAPIVolumeFile]~atomic',
  'core.v1.EmptyDirVolumeSource': 'medium:s sizeLimit:q',
  'core.v1.EnvFromSource': 'configMapRef:@core.v1.ConfigMapEnvSource prefix:s secretRef:@core.v1.SecretEnvSource',
  'core.v1.EnvVar': 'name*:s value:s valueFrom:@core.v1.EnvVarSource',
  'core.v1.EnvVarSource':
    'configMapKeyRef:@core.v1.ConfigMapKeySelector fieldRef:@core.v1.ObjectFieldSelector fileKeyRef:@core.v1.FileKeySelector resourceFieldRef:@core.v1.ResourceFieldSelector secretKeyRef:@core.v1.SecretKeySelector',
  'core.v1.EphemeralContainer':
    'args:[s]~atomic command:[s]~atomic env:[@core.v1.EnvVar]~m=name~map=name envFrom:[@core.v1.EnvFromSource]~atomic image:s imagePullPolicy:s lifecycle:@core.v1.Lifecycle livenessProbe:@core.v1.Probe name*:s ports:[@core.v1.ContainerPort]~m=containerPort~map=containerPort,protocol readinessProbe:@core.v1.Probe resizePolicy:[@core.v1.ContainerResizePolicy]~atomic resources:@core.v1.ResourceRequirements restartPolicy:s restartPolicyRules:[@core.v1.ContainerRestartRule]~atomic securityContext:@core.v1.SecurityContext startupProbe:@core.v1.Probe stdin:b stdinOnce:b targetContainerName:s terminationMessagePath:s terminationMessagePolicy:s tty:b volumeDevices:[@core.v1.VolumeDevice]~m=devicePath~map=devicePath volumeMounts:[@core.v1.VolumeMount]~m=mountPath~map=mountPath workingDir:s',
  'core.v1.EphemeralVolumeSource': 'volumeClaimTemplate:@core.v1.PersistentVolumeClaimTemplate',
  'core.v1.Event':
    'action:s apiVersion:s count:i eventTime:u firstTimestamp:t involvedObject*:@core.v1.ObjectReference kind:s lastTimestamp:t message:s metadata*:@meta.v1.ObjectMeta reason:s related:@core.v1.ObjectReference reportingComponent:s reportingInstance:s series:@core.v1.EventSeries source:@core.v1.EventSource type:s',
  'core.v1.EventSeries': 'count:i lastObservedTime:u',
  'core.v1.EventSource': 'component:s host:s',
  'core.v1.ExecAction': 'command:[s]~atomic',
  'core.v1.FCVolumeSource': 'fsType:s lun:i readOnly:b targetWWNs:[s]~atomic wwids:[s]~atomic',
  'core.v1.FileKeySelector': 'key*:s optional:b path*:s volumeName*:s',
  'core.v1.FlexVolumeSource': 'driver*:s fsType:s options:{s} readOnly:b secretRef:@core.v1.LocalObjectReference',
  'core.v1.FlockerVolumeSource': 'datasetName:s datasetUUID:s',
  'core.v1.GCEPersistentDiskVolumeSource': 'fsType:s partition:i pdName*:s readOnly:b',
  'core.v1.GRPCAction': 'port*:i service:s',
  'core.v1.GitRepoVolumeSource': 'directory:s repository*:s revision:s',
  'core.v1.GlusterfsVolumeSource': 'endpoints*:s path*:s readOnly:b',
  'core.v1.HTTPGetAction': 'host:s httpHeaders:[@core.v1.HTTPHeader]~atomic path:s port*:x scheme:s',
  'core.v1.HTTPHeader': 'name*:s value*:s',
  'core.v1.HostAlias': 'hostnames:[s]~atomic ip*:s',
  'core.v1.HostIP': 'ip*:s',
  'core.v1.HostPathVolumeSource': 'path*:s type:s',
  'core.v1.ISCSIVolumeSource':
    'chapAuthDiscovery:b chapAuthSession:b fsType:s initiatorName:s iqn*:s iscsiInterface:s lun*:i portals:[s]~atomic readOnly:b secretRef:@core.v1.LocalObjectReference targetPortal*:s',
  'core.v1.ImageVolumeSource': 'pullPolicy:s reference:s',
  'core.v1.ImageVolumeStatus': 'imageRef*:s',
  'core.v1.KeyToPath': 'key*:s mode:i path*:s',
  'core.v1.Lifecycle': 'postStart:@core.v1.LifecycleHandler preStop:@core.v1.LifecycleHandler stopSignal:s',
  'core.v1.LifecycleHandler':
    'exec:@core.v1.ExecAction httpGet:@core.v1.HTTPGetAction sleep:@core.v1.SleepAction tcpSocket:@core.v1.TCPSocketAction',
  'core.v1.LinuxContainerUser': 'gid*:l supplementalGroups:[l]~atomic uid*:l',
  'core.v1.LocalObjectReference': 'name:s',
  'core.v1.ModifyVolumeStatus': 'status*:s targetVolumeAttributesClassName:s',
  'core.v1.NFSVolumeSource': 'path*:s readOnly:b server*:s',
  'core.v1.Namespace':
    'apiVersion:s kind:s metadata:@meta.v1.ObjectMeta spec:@core.v1.NamespaceSpec status:@core.v1.NamespaceStatus',
  'core.v1.NamespaceCondition': 'lastTransitionTime:t message:s reason:s status*:s type*:s',
  'core.v1.NamespaceSpec': 'finalizers:[s]~atomic',
  'core.v1.NamespaceStatus': 'conditions:[@core.v1.NamespaceCondition]~m=type~map=type phase:s',
  'core.v1.Node': 'apiVersion:s kind:s metadata:@meta.v1.ObjectMeta spec:@core.v1.NodeSpec status:@core.v1.NodeStatus',
  'core.v1.NodeAddress': 'address*:s type*:s',
  'core.v1.NodeAffinity':
    'preferredDuringSchedulingIgnoredDuringExecution:[@core.v1.PreferredSchedulingTerm]~atomic requiredDuringSchedulingIgnoredDuringExecution:@core.v1.NodeSelector',
  'core.v1.NodeAllocatableResourceClaimStatus': 'containers:[s]~set resourceClaimName*:s resources*:{q}',
  'core.v1.NodeCondition': 'lastHeartbeatTime:t lastTransitionTime:t message:s reason:s status*:s type*:s',
  'core.v1.NodeConfigSource': 'configMap:@core.v1.ConfigMapNodeConfigSource',
  'core.v1.NodeConfigStatus':
    'active:@core.v1.NodeConfigSource assigned:@core.v1.NodeConfigSource error:s lastKnownGood:@core.v1.NodeConfigSource',
  'core.v1.NodeDaemonEndpoints': 'kubeletEndpoint:@core.v1.DaemonEndpoint',
  'core.v1.NodeFeatures': 'supplementalGroupsPolicy:b',
  'core.v1.NodeRuntimeHandler': 'features:@core.v1.NodeRuntimeHandlerFeatures name:s',
  'core.v1.NodeRuntimeHandlerFeatures': 'recursiveReadOnlyMounts:b userNamespaces:b',
  'core.v1.NodeSelector': 'nodeSelectorTerms*:[@core.v1.NodeSelectorTerm]~atomic',
  'core.v1.NodeSelectorRequirement': 'key*:s operator*:s values:[s]~atomic',
  'core.v1.NodeSelectorTerm':
    'matchExpressions:[@core.v1.NodeSelectorRequirement]~atomic matchFields:[@core.v1.NodeSelectorRequirement]~atomic',
  'core.v1.NodeSpec':
    'configSource:@core.v1.NodeConfigSource externalID:s podCIDR:s podCIDRs:[s]~m~set providerID:s taints:[@core.v1.Taint]~atomic unschedulable:b',
  'core.v1.NodeStatus':
    'addresses:[@core.v1.NodeAddress]~m=type~map=type allocatable:{q} capacity:{q} conditions:[@core.v1.NodeCondition]~m=type~map=type config:@core.v1.NodeConfigStatus daemonEndpoints:@core.v1.NodeDaemonEndpoints declaredFeatures:[s]~atomic features:@core.v1.NodeFeatures images:[@core.v1.ContainerImage]~atomic nodeInfo:@core.v1.NodeSystemInfo phase:s runtimeHandlers:[@core.v1.NodeRuntimeHandler]~atomic volumesAttached:[@core.v1.AttachedVolume]~atomic volumesInUse:[s]~atomic',
  'core.v1.NodeSwapStatus': 'capacity:l',
  'core.v1.NodeSystemInfo':
    'architecture*:s bootID*:s containerRuntimeVersion*:s kernelVersion*:s kubeProxyVersion*:s kubeletVersion*:s machineID*:s operatingSystem*:s osImage*:s swap:@core.v1.NodeSwapStatus systemUUID*:s',
  'core.v1.ObjectFieldSelector': 'apiVersion:s fieldPath*:s',
  'core.v1.ObjectReference': 'apiVersion:s fieldPath:s kind:s name:s namespace:s resourceVersion:s uid:s',
  'core.v1.PersistentVolumeClaim':
    'apiVersion:s kind:s metadata:@meta.v1.ObjectMeta spec:@core.v1.PersistentVolumeClaimSpec status:@core.v1.PersistentVolumeClaimStatus',
  'core.v1.PersistentVolumeClaimCondition': 'lastProbeTime:t lastTransitionTime:t message:s reason:s status*:s type*:s',
  'core.v1.PersistentVolumeClaimSpec':
    'accessModes:[s]~atomic dataSource:@core.v1.TypedLocalObjectReference dataSourceRef:@core.v1.TypedObjectReference resources:@core.v1.VolumeResourceRequirements selector:@meta.v1.LabelSelector storageClassName:s volumeAttributesClassName:s volumeMode:s volumeName:s',
  'core.v1.PersistentVolumeClaimStatus':
    'accessModes:[s]~atomic allocatedResourceStatuses:{s} allocatedResources:{q} capacity:{q} conditions:[@core.v1.PersistentVolumeClaimCondition]~m=type~map=type currentVolumeAttributesClassName:s modifyVolumeStatus:@core.v1.ModifyVolumeStatus phase:s',
  'core.v1.PersistentVolumeClaimTemplate': 'metadata:@meta.v1.ObjectMeta spec*:@core.v1.PersistentVolumeClaimSpec',
  'core.v1.PersistentVolumeClaimVolumeSource': 'claimName*:s readOnly:b',
  'core.v1.PhotonPersistentDiskVolumeSource': 'fsType:s pdID*:s',
  'core.v1.Pod': 'apiVersion:s kind:s metadata:@meta.v1.ObjectMeta spec:@core.v1.PodSpec status:@core.v1.PodStatus',
  'core.v1.PodAffinity':
    'preferredDuringSchedulingIgnoredDuringExecution:[@core.v1.WeightedPodAffinityTerm]~atomic requiredDuringSchedulingIgnoredDuringExecution:[@core.v1.PodAffinityTerm]~atomic',
  'core.v1.PodAffinityTerm':
    'labelSelector:@meta.v1.LabelSelector matchLabelKeys:[s]~atomic mismatchLabelKeys:[s]~atomic namespaceSelector:@meta.v1.LabelSelector namespaces:[s]~atomic topologyKey*:s',
  'core.v1.PodAntiAffinity':
    'preferredDuringSchedulingIgnoredDuringExecution:[@core.v1.WeightedPodAffinityTerm]~atomic requiredDuringSchedulingIgnoredDuringExecution:[@core.v1.PodAffinityTerm]~atomic',
  'core.v1.PodCertificateProjection':
    'certificateChainPath:s credentialBundlePath:s keyPath:s keyType*:s maxExpirationSeconds:i signerName*:s userAnnotations:{s}',
  'core.v1.PodCondition':
    'lastProbeTime:t lastTransitionTime:t message:s observedGeneration:l reason:s status*:s type*:s',
  'core.v1.PodDNSConfig': 'nameservers:[s]~atomic options:[@core.v1.PodDNSConfigOption]~atomic searches:[s]~atomic',
  'core.v1.PodDNSConfigOption': 'name:s value:s',
  'core.v1.PodExtendedResourceClaimStatus':
    'requestMappings*:[@core.v1.ContainerExtendedResourceRequest]~atomic resourceClaimName*:s',
  'core.v1.PodIP': 'ip*:s',
  'core.v1.PodOS': 'name*:s',
  'core.v1.PodReadinessGate': 'conditionType*:s',
  'core.v1.PodResourceClaim': 'name*:s resourceClaimName:s resourceClaimTemplateName:s',
  'core.v1.PodResourceClaimStatus': 'name*:s resourceClaimName:s',
  'core.v1.PodSchedulingGate': 'name*:s',
  'core.v1.PodSchedulingGroup': 'podGroupName:s',
  'core.v1.PodSecurityContext':
    'appArmorProfile:@core.v1.AppArmorProfile fsGroup:l fsGroupChangePolicy:s runAsGroup:l runAsNonRoot:b runAsUser:l seLinuxChangePolicy:s seLinuxOptions:@core.v1.SELinuxOptions seccompProfile:@core.v1.SeccompProfile supplementalGroups:[l]~atomic supplementalGroupsPolicy:s sysctls:[@core.v1.Sysctl]~atomic windowsOptions:@core.v1.WindowsSecurityContextOptions',
  'core.v1.PodSpec':
    'activeDeadlineSeconds:l affinity:@core.v1.Affinity automountServiceAccountToken:b containers*:[@core.v1.Container]~m=name~map=name dnsConfig:@core.v1.PodDNSConfig dnsPolicy:s enableServiceLinks:b ephemeralContainers:[@core.v1.EphemeralContainer]~m=name~map=name hostAliases:[@core.v1.HostAlias]~m=ip~map=ip hostIPC:b hostNetwork:b hostPID:b hostUsers:b hostname:s hostnameOverride:s imagePullSecrets:[@core.v1.LocalObjectReference]~m=name~map=name initContainers:[@core.v1.Container]~m=name~map=name nodeName:s nodeSelector:{s} os:@core.v1.PodOS overhead:{q} preemptionPolicy:s priority:i priorityClassName:s readinessGates:[@core.v1.PodReadinessGate]~atomic resourceClaims:[@core.v1.PodResourceClaim]~r=name~map=name resources:@core.v1.ResourceRequirements restartPolicy:s runtimeClassName:s schedulerName:s schedulingGates:[@core.v1.PodSchedulingGate]~m=name~map=name schedulingGroup:@core.v1.PodSchedulingGroup securityContext:@core.v1.PodSecurityContext serviceAccount:s serviceAccountName:s setHostnameAsFQDN:b shareProcessNamespace:b subdomain:s terminationGracePeriodSeconds:l tolerations:[@core.v1.Toleration]~atomic topologySpreadConstraints:[@core.v1.TopologySpreadConstraint]~m=topologyKey~map=topologyKey,whenUnsatisfiable volumes:[@core.v1.Volume]~r=name~map=name',
  'core.v1.PodStatus':
    'allocatedResources:{q} conditions:[@core.v1.PodCondition]~m=type~map=type containerStatuses:[@core.v1.ContainerStatus]~atomic ephemeralContainerStatuses:[@core.v1.ContainerStatus]~atomic extendedResourceClaimStatus:@core.v1.PodExtendedResourceClaimStatus hostIP:s hostIPs:[@core.v1.HostIP]~m=ip~atomic initContainerStatuses:[@core.v1.ContainerStatus]~atomic message:s nodeAllocatableResourceClaimStatuses:[@core.v1.NodeAllocatableResourceClaimStatus]~atomic nominatedNodeName:s observedGeneration:l phase:s podIP:s podIPs:[@core.v1.PodIP]~m=ip~map=ip qosClass:s reason:s resize:s resourceClaimStatuses:[@core.v1.PodResourceClaimStatus]~r=name~map=name resources:@core.v1.ResourceRequirements startTime:t',
  'core.v1.PodTemplateSpec': 'metadata:@meta.v1.ObjectMeta spec:@core.v1.PodSpec',
  'core.v1.PortworxVolumeSource': 'fsType:s readOnly:b volumeID*:s',
  'core.v1.PreferredSchedulingTerm': 'preference*:@core.v1.NodeSelectorTerm weight*:i',
  'core.v1.Probe':
    'exec:@core.v1.ExecAction failureThreshold:i grpc:@core.v1.GRPCAction httpGet:@core.v1.HTTPGetAction initialDelaySeconds:i periodSeconds:i successThreshold:i tcpSocket:@core.v1.TCPSocketAction terminationGracePeriodSeconds:l timeoutSeconds:i',
  'core.v1.ProjectedVolumeSource': 'defaultMode:i sources:[@core.v1.VolumeProjection]~atomic',
  'core.v1.QuobyteVolumeSource': 'group:s readOnly:b registry*:s tenant:s user:s volume*:s',
  'core.v1.RBDVolumeSource':
    'fsType:s image*:s keyring:s monitors*:[s]~atomic pool:s readOnly:b secretRef:@core.v1.LocalObjectReference user:s',
  'core.v1.ResourceClaim': 'name*:s request:s',
  'core.v1.ResourceFieldSelector': 'containerName:s divisor:q resource*:s',
  'core.v1.ResourceHealth': 'health:s message:s resourceID*:s',
  'core.v1.ResourceQuota':
    'apiVersion:s kind:s metadata:@meta.v1.ObjectMeta spec:@core.v1.ResourceQuotaSpec status:@core.v1.ResourceQuotaStatus',
  'core.v1.ResourceQuotaSpec': 'hard:{q} scopeSelector:@core.v1.ScopeSelector scopes:[s]~atomic',
  'core.v1.ResourceQuotaStatus': 'hard:{q} used:{q}',
  'core.v1.ResourceRequirements': 'claims:[@core.v1.ResourceClaim]~map=name limits:{q} requests:{q}',
  'core.v1.ResourceStatus': 'name*:s resources:[@core.v1.ResourceHealth]~map=resourceID',
  'core.v1.SELinuxOptions': 'level:s role:s type:s user:s',
  'core.v1.ScaleIOVolumeSource':
    'fsType:s gateway*:s protectionDomain:s readOnly:b secretRef*:@core.v1.LocalObjectReference sslEnabled:b storageMode:s storagePool:s system*:s volumeName:s',
  'core.v1.ScopeSelector': 'matchExpressions:[@core.v1.ScopedResourceSelectorRequirement]~atomic',
  'core.v1.ScopedResourceSelectorRequirement': 'operator*:s scopeName*:s values:[s]~atomic',
  'core.v1.SeccompProfile': 'localhostProfile:s type*:s',
  'core.v1.Secret': 'apiVersion:s data:{y} immutable:b kind:s metadata:@meta.v1.ObjectMeta stringData:{s} type:s',
  'core.v1.SecretEnvSource': 'name:s optional:b',
  'core.v1.SecretKeySelector': 'key*:s name:s optional:b',
  'core.v1.SecretProjection': 'items:[@core.v1.KeyToPath]~atomic name:s optional:b',
  'core.v1.SecretVolumeSource': 'defaultMode:i items:[@core.v1.KeyToPath]~atomic optional:b secretName:s',
  'core.v1.SecurityContext':
    'allowPrivilegeEscalation:b appArmorProfile:@core.v1.AppArmorProfile capabilities:@core.v1.Capabilities privileged:b procMount:s readOnlyRootFilesystem:b runAsGroup:l runAsNonRoot:b runAsUser:l seLinuxOptions:@core.v1.SELinuxOptions seccompProfile:@core.v1.SeccompProfile windowsOptions:@core.v1.WindowsSecurityContextOptions',
  'core.v1.ServiceAccount':
    'apiVersion:s automountServiceAccountToken:b imagePullSecrets:[@core.v1.LocalObjectReference]~atomic kind:s metadata:@meta.v1.ObjectMeta secrets:[@core.v1.ObjectReference]~m=name~map=name',
  'core.v1.ServiceAccountTokenProjection': 'audience:s expirationSeconds:l path*:s',
  'core.v1.SleepAction': 'seconds*:l',
  'core.v1.StorageOSVolumeSource':
    'fsType:s readOnly:b secretRef:@core.v1.LocalObjectReference volumeName:s volumeNamespace:s',
  'core.v1.Sysctl': 'name*:s value*:s',
  'core.v1.TCPSocketAction': 'host:s port*:x',
  'core.v1.Taint': 'effect*:s key*:s timeAdded:t value:s',
  'core.v1.Toleration': 'effect:s key:s operator:s tolerationSeconds:l value:s',
  'core.v1.TopologySpreadConstraint':
    'labelSelector:@meta.v1.LabelSelector matchLabelKeys:[s]~atomic maxSkew*:i minDomains:i nodeAffinityPolicy:s nodeTaintsPolicy:s topologyKey*:s whenUnsatisfiable*:s',
  'core.v1.TypedLocalObjectReference': 'apiGroup:s kind*:s name*:s',
  'core.v1.TypedObjectReference': 'apiGroup:s kind*:s name*:s namespace:s',
  'core.v1.Volume':
    'awsElasticBlockStore:@core.v1.AWSElasticBlockStoreVolumeSource azureDisk:@core.v1.AzureDiskVolumeSource azureFile:@core.v1.AzureFileVolumeSource cephfs:@core.v1.CephFSVolumeSource cinder:@core.v1.CinderVolumeSource configMap:@core.v1.ConfigMapVolumeSource csi:@core.v1.CSIVolumeSource downwardAPI:@core.v1.DownwardAPIVolumeSource emptyDir:@core.v1.EmptyDirVolumeSource ephemeral:@core.v1.EphemeralVolumeSource fc:@core.v1.FCVolumeSource flexVolume:@core.v1.FlexVolumeSource flocker:@core.v1.FlockerVolumeSource gcePersistentDisk:@core.v1.GCEPersistentDiskVolumeSource gitRepo:@core.v1.GitRepoVolumeSource glusterfs:@core.v1.GlusterfsVolumeSource hostPath:@core.v1.HostPathVolumeSource image:@core.v1.ImageVolumeSource iscsi:@core.v1.ISCSIVolumeSource name*:s nfs:@core.v1.NFSVolumeSource persistentVolumeClaim:@core.v1.PersistentVolumeClaimVolumeSource photonPersistentDisk:@core.v1.PhotonPersistentDiskVolumeSource portworxVolume:@core.v1.PortworxVolumeSource projected:@core.v1.ProjectedVolumeSource quobyte:@core.v1.QuobyteVolumeSource rbd:@core.v1.RBDVolumeSource scaleIO:@core.v1.ScaleIOVolumeSource secret:@core.v1.SecretVolumeSource storageos:@core.v1.StorageOSVolumeSource vsphereVolume:@core.v1.VsphereVirtualDiskVolumeSource',
  'core.v1.VolumeDevice': 'devicePath*:s name*:s',
  'core.v1.VolumeMount':
    'mountPath*:s mountPropagation:s name*:s readOnly:b recursiveReadOnly:s subPath:s subPathExpr:s',
  'core.v1.VolumeMountStatus': 'mountPath*:s name*:s readOnly:b recursiveReadOnly:s volumeStatus:@core.v1.VolumeStatus',
  'core.v1.VolumeProjection':
    'clusterTrustBundle:@core.v1.ClusterTrustBundleProjection configMap:@core.v1.ConfigMapProjection downwardAPI:@core.v1.DownwardAPIProjection podCertificate:@core.v1.PodCertificateProjection secret:@core.v1.SecretProjection serviceAccountToken:@core.v1.ServiceAccountTokenProjection',
  'core.v1.VolumeResourceRequirements': 'limits:{q} requests:{q}',
  'core.v1.VolumeStatus': 'image:@core.v1.ImageVolumeStatus',
  'core.v1.VsphereVirtualDiskVolumeSource': 'fsType:s storagePolicyID:s storagePolicyName:s volumePath*:s',
  'core.v1.WeightedPodAffinityTerm': 'podAffinityTerm*:@core.v1.PodAffinityTerm weight*:i',
  'core.v1.WindowsSecurityContextOptions':
    'gmsaCredentialSpec:s gmsaCredentialSpecName:s hostProcess:b runAsUserName:s',
  'meta.v1.LabelSelector': 'matchExpressions:[@meta.v1.LabelSelectorRequirement]~atomic matchLabels:{s}',
  'meta.v1.LabelSelectorRequirement': 'key*:s operator*:s values:[s]~atomic',
  'meta.v1.ManagedFieldsEntry': 'apiVersion:s fieldsType:s fieldsV1:o manager:s operation:s subresource:s time:t',
  'meta.v1.ObjectMeta':
    'annotations:{s} creationTimestamp:t deletionGracePeriodSeconds:l deletionTimestamp:t finalizers:[s]~m~set generateName:s generation:l labels:{s} managedFields:[@meta.v1.ManagedFieldsEntry]~atomic name:s namespace:s ownerReferences:[@meta.v1.OwnerReference]~m=uid~map=uid resourceVersion:s selfLink:s uid:s',
  'meta.v1.OwnerReference': 'apiVersion*:s blockOwnerDeletion:b controller:b kind*:s name*:s uid*:s',
  'rbac.v1.AggregationRule': 'clusterRoleSelectors:[@meta.v1.LabelSelector]~atomic',
  'rbac.v1.ClusterRole':
    'aggregationRule:@rbac.v1.AggregationRule apiVersion:s kind:s metadata:@meta.v1.ObjectMeta rules:[@rbac.v1.PolicyRule]~atomic',
  'rbac.v1.ClusterRoleBinding':
    'apiVersion:s kind:s metadata:@meta.v1.ObjectMeta roleRef*:@rbac.v1.RoleRef subjects:[@rbac.v1.Subject]~atomic',
  'rbac.v1.PolicyRule':
    'apiGroups:[s]~atomic nonResourceURLs:[s]~atomic resourceNames:[s]~atomic resources:[s]~atomic verbs*:[s]~atomic',
  'rbac.v1.Role': 'apiVersion:s kind:s metadata:@meta.v1.ObjectMeta rules:[@rbac.v1.PolicyRule]~atomic',
  'rbac.v1.RoleBinding':
    'apiVersion:s kind:s metadata:@meta.v1.ObjectMeta roleRef*:@rbac.v1.RoleRef subjects:[@rbac.v1.Subject]~atomic',
  'rbac.v1.RoleRef': 'apiGroup:s kind*:s name*:s',
  'rbac.v1.Subject': 'apiGroup:s kind*:s name*:s namespace:s',
}
