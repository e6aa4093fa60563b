"""The fields of a Workflow as Go declares them: which names exist, of which type, in which order they are written.

One type a line: ``name=Type``, without a type a string. ``*`` is a pointer (kept when empty), ``[]`` a list, ``{}`` a
map of strings, ``string<N>`` a string that Go calls ``N``, ``+T`` puts the fields of T in, ``!`` means written even
when empty, ``any`` is not looked into, and ``A = T`` gives a list or map a name. Types without a package are Argo's.
"""

TABLE = """
Workflow: +v1.TypeMeta metadata=v1.ObjectMeta! spec=WorkflowSpec! status=any
v1.TypeMeta: kind apiVersion
v1.ObjectMeta: name generateName namespace selfLink uid=string<types.UID> resourceVersion generation=int64
    creationTimestamp=any deletionTimestamp=any deletionGracePeriodSeconds=*int64 labels={}string
    annotations={}string ownerReferences=[]v1.OwnerReference finalizers=[]string
    managedFields=[]v1.ManagedFieldsEntry
WorkflowSpec: templates=[]Template entrypoint arguments=Arguments serviceAccountName
    automountServiceAccountToken=*bool executor=*ExecutorConfig volumes=[]v1.Volume
    volumeClaimTemplates=[]v1.PersistentVolumeClaim parallelism=*int64 artifactRepositoryRef=*ArtifactRepositoryRef
    suspend=*bool nodeSelector={}string affinity=*v1.Affinity tolerations=[]v1.Toleration
    imagePullSecrets=[]v1.LocalObjectReference hostNetwork=*bool dnsPolicy=*string<v1.DNSPolicy>
    dnsConfig=*v1.PodDNSConfig onExit ttlStrategy=*TTLStrategy activeDeadlineSeconds=*int64 priority=*int32
    schedulerName podGC=*PodGC podPriorityClassName hostAliases=[]v1.HostAlias
    securityContext=*v1.PodSecurityContext podSpecPatch podDisruptionBudget=*v1.PodDisruptionBudgetSpec
    metrics=*Metrics shutdown=string<v1alpha1.ShutdownStrategy> workflowTemplateRef=*WorkflowTemplateRef
    synchronization=*Synchronization volumeClaimGC=*VolumeClaimGC retryStrategy=*RetryStrategy podMetadata=*Metadata
    templateDefaults=*Template archiveLogs=*bool hooks=LifecycleHooks workflowMetadata=*WorkflowMetadata
    artifactGC=*WorkflowLevelArtifactGC executorPlugins=[]ExecutorPlugin podResources=*v1.ResourceRequirements
    resourceClaims=[]v1.PodResourceClaim
Template: name inputs=Inputs outputs=Outputs nodeSelector={}string affinity=*v1.Affinity metadata=Metadata
    daemon=*bool steps=[]ParallelSteps container=*v1.Container containerSet=*ContainerSetTemplate
    script=*ScriptTemplate resource=*ResourceTemplate dag=*DAGTemplate suspend=*SuspendTemplate data=*Data
    http=*HTTP plugin=*Plugin volumes=[]v1.Volume initContainers=[]UserContainer sidecars=[]UserContainer
    archiveLocation=*ArtifactLocation activeDeadlineSeconds=*IntOrString retryStrategy=*RetryStrategy
    parallelism=*int64 failFast=*bool tolerations=[]v1.Toleration schedulerName priorityClassName serviceAccountName
    automountServiceAccountToken=*bool executor=*ExecutorConfig hostAliases=[]v1.HostAlias
    securityContext=*v1.PodSecurityContext podSpecPatch metrics=*Metrics synchronization=*Synchronization
    memoize=*Memoize timeout annotations={}string pendingTimeout podResources=*v1.ResourceRequirements
    resourceClaims=[]v1.PodResourceClaim
Inputs: parameters=[]Parameter artifacts=Artifacts
Parameter: name! default=*AnyString value=*AnyString valueFrom=*ValueFrom globalName enum=[]AnyString
    description=*AnyString
ValueFrom: path jsonPath jqFilter event parameter supplied=*SuppliedValueFrom
    configMapKeyRef=*v1.ConfigMapKeySelector default=*AnyString expression
SuppliedValueFrom:
v1.ConfigMapKeySelector: +v1.LocalObjectReference key! optional=*bool
v1.LocalObjectReference: name
Artifact: name! path mode=*int32 from +ArtifactLocation globalName archive=*ArchiveStrategy optional=bool subPath
    recurseMode=bool fromExpression artifactGC=*ArtifactGC deleted=bool
ArtifactLocation: archiveLogs=*bool s3=*S3Artifact git=*GitArtifact http=*HTTPArtifact
    artifactory=*ArtifactoryArtifact hdfs=*HDFSArtifact raw=*RawArtifact oss=*OSSArtifact gcs=*GCSArtifact
    azure=*AzureArtifact plugin=*PluginArtifact
S3Artifact: +S3Bucket key
S3Bucket: endpoint bucket region insecure=*bool accessKeySecret=*v1.SecretKeySelector
    secretKeySecret=*v1.SecretKeySelector sessionTokenSecret=*v1.SecretKeySelector roleARN useSDKCreds=bool
    createBucketIfNotPresent=*CreateS3BucketOptions encryptionOptions=*S3EncryptionOptions
    caSecret=*v1.SecretKeySelector addressingStyle
v1.SecretKeySelector: +v1.LocalObjectReference key! optional=*bool
CreateS3BucketOptions: objectLocking=bool
S3EncryptionOptions: kmsKeyId kmsEncryptionContext enableEncryption=bool
    serverSideCustomerKeySecret=*v1.SecretKeySelector
GitArtifact: repo! revision depth=*uint64 fetch=[]string usernameSecret=*v1.SecretKeySelector
    passwordSecret=*v1.SecretKeySelector sshPrivateKeySecret=*v1.SecretKeySelector insecureIgnoreHostKey=bool
    disableSubmodules=bool singleBranch=bool branch insecureSkipTLS=bool
HTTPArtifact: url! headers=[]Header auth=*HTTPAuth saveStreamViaFile=bool
Header: name! value!
HTTPAuth: clientCert=ClientCertAuth oauth2=OAuth2Auth basicAuth=BasicAuth
ClientCertAuth: clientCertSecret=*v1.SecretKeySelector clientKeySecret=*v1.SecretKeySelector
OAuth2Auth: clientIDSecret=*v1.SecretKeySelector clientSecretSecret=*v1.SecretKeySelector
    tokenURLSecret=*v1.SecretKeySelector scopes=[]string endpointParams=[]OAuth2EndpointParam
OAuth2EndpointParam: key! value
BasicAuth: usernameSecret=*v1.SecretKeySelector passwordSecret=*v1.SecretKeySelector
ArtifactoryArtifact: url! +ArtifactoryAuth
ArtifactoryAuth: usernameSecret=*v1.SecretKeySelector passwordSecret=*v1.SecretKeySelector
HDFSArtifact: +HDFSConfig path! force=bool
HDFSConfig: +HDFSKrbConfig addresses=[]string hdfsUser dataTransferProtection
HDFSKrbConfig: krbCCacheSecret=*v1.SecretKeySelector krbKeytabSecret=*v1.SecretKeySelector krbUsername krbRealm
    krbConfigConfigMap=*v1.ConfigMapKeySelector krbServicePrincipalName
RawArtifact: data!
OSSArtifact: +OSSBucket key!
OSSBucket: endpoint bucket accessKeySecret=*v1.SecretKeySelector secretKeySecret=*v1.SecretKeySelector
    createBucketIfNotPresent=bool securityToken lifecycleRule=*OSSLifecycleRule useSDKCreds=bool
OSSLifecycleRule: markInfrequentAccessAfterDays=int32 markDeletionAfterDays=int32
GCSArtifact: +GCSBucket key!
GCSBucket: bucket serviceAccountKeySecret=*v1.SecretKeySelector
AzureArtifact: +AzureBlobContainer blob!
AzureBlobContainer: endpoint! container! accountKeySecret=*v1.SecretKeySelector useSDKCreds=bool
PluginArtifact: name=string<v1alpha1.ArtifactPluginName> configuration connectionTimeoutSeconds=int32 key!
ArchiveStrategy: tar=*TarStrategy none=*NoneStrategy zip=*ZipStrategy
TarStrategy: compressionLevel=*int32
NoneStrategy:
ZipStrategy:
ArtifactGC: strategy=string<v1alpha1.ArtifactGCStrategy> podMetadata=*Metadata serviceAccountName
Metadata: annotations={}string labels={}string
Outputs: parameters=[]Parameter artifacts=Artifacts result=*string exitCode=*string
v1.LabelSelector: matchLabels={}string matchExpressions=[]v1.LabelSelectorRequirement
v1.LabelSelectorRequirement: key! operator=string<v1.LabelSelectorOperator>! values=[]string
WorkflowStep: name template inline=*Template arguments=Arguments templateRef=*TemplateRef withItems=[]Item withParam
    withSequence=*Sequence when continueOn=*ContinueOn onExit hooks=LifecycleHooks
Arguments: parameters=[]Parameter artifacts=Artifacts
TemplateRef: name template clusterScope=bool
Sequence: count=*IntOrString start=*IntOrString end=*IntOrString format
ContinueOn: error=bool failed=bool
LifecycleHook: template arguments=Arguments templateRef=*TemplateRef expression
v1.Container: name! image command=[]string args=[]string workingDir ports=[]v1.ContainerPort
    envFrom=[]v1.EnvFromSource env=[]v1.EnvVar resources=v1.ResourceRequirements
    resizePolicy=[]v1.ContainerResizePolicy restartPolicy=*string<v1.ContainerRestartPolicy>
    restartPolicyRules=[]v1.ContainerRestartRule volumeMounts=[]v1.VolumeMount volumeDevices=[]v1.VolumeDevice
    livenessProbe=*v1.Probe readinessProbe=*v1.Probe startupProbe=*v1.Probe lifecycle=*v1.Lifecycle
    terminationMessagePath terminationMessagePolicy=string<v1.TerminationMessagePolicy>
    imagePullPolicy=string<v1.PullPolicy> securityContext=*v1.SecurityContext stdin=bool stdinOnce=bool tty=bool
v1.ContainerPort: name hostPort=int32 containerPort=int32! protocol=string<v1.Protocol> hostIP
v1.EnvFromSource: prefix configMapRef=*v1.ConfigMapEnvSource secretRef=*v1.SecretEnvSource
v1.ConfigMapEnvSource: +v1.LocalObjectReference optional=*bool
v1.SecretEnvSource: +v1.LocalObjectReference optional=*bool
v1.EnvVar: name! value valueFrom=*v1.EnvVarSource
v1.EnvVarSource: fieldRef=*v1.ObjectFieldSelector resourceFieldRef=*v1.ResourceFieldSelector
    configMapKeyRef=*v1.ConfigMapKeySelector secretKeyRef=*v1.SecretKeySelector fileKeyRef=*v1.FileKeySelector
v1.ObjectFieldSelector: apiVersion fieldPath!
v1.VolumeMount: name! readOnly=bool recursiveReadOnly=*string<v1.RecursiveReadOnlyMode> mountPath! subPath
    mountPropagation=*string<v1.MountPropagationMode> subPathExpr
ContainerSetTemplate: containers=[]ContainerNode! volumeMounts=[]v1.VolumeMount
    retryStrategy=*ContainerSetRetryStrategy
ContainerNode: +v1.Container dependencies=[]string
ContainerSetRetryStrategy: duration retries=*IntOrString!
ScriptTemplate: +v1.Container source!
ResourceTemplate: action! mergeStrategy manifest manifestFrom=*ManifestFrom setOwnerReference=bool successCondition
    failureCondition flags=[]string
ManifestFrom: artifact=*Artifact!
DAGTemplate: target tasks=[]DAGTask! failFast=*bool
DAGTask: name! template inline=*Template arguments=Arguments templateRef=*TemplateRef dependencies=[]string
    withItems=[]Item withParam withSequence=*Sequence when continueOn=*ContinueOn onExit depends
    hooks=LifecycleHooks
SuspendTemplate: duration
Data: source=DataSource! transformation=Transformation!
DataSource: artifactPaths=*ArtifactPaths
ArtifactPaths: +Artifact
TransformationStep: expression!
HTTP: method url! headers=HTTPHeaders timeoutSeconds=*int64 successCondition body bodyFrom=*HTTPBodySource
    insecureSkipVerify=bool
HTTPHeader: name! value valueFrom=*HTTPHeaderSource
HTTPHeaderSource: secretKeyRef=*v1.SecretKeySelector
HTTPBodySource: bytes=any
v1.Volume: name! +v1.VolumeSource
v1.VolumeSource: hostPath=*v1.HostPathVolumeSource emptyDir=*v1.EmptyDirVolumeSource
    gcePersistentDisk=*v1.GCEPersistentDiskVolumeSource awsElasticBlockStore=*v1.AWSElasticBlockStoreVolumeSource
    gitRepo=*v1.GitRepoVolumeSource secret=*v1.SecretVolumeSource nfs=*v1.NFSVolumeSource
    iscsi=*v1.ISCSIVolumeSource glusterfs=*v1.GlusterfsVolumeSource
    persistentVolumeClaim=*v1.PersistentVolumeClaimVolumeSource rbd=*v1.RBDVolumeSource
    flexVolume=*v1.FlexVolumeSource cinder=*v1.CinderVolumeSource cephfs=*v1.CephFSVolumeSource
    flocker=*v1.FlockerVolumeSource downwardAPI=*v1.DownwardAPIVolumeSource fc=*v1.FCVolumeSource
    azureFile=*v1.AzureFileVolumeSource configMap=*v1.ConfigMapVolumeSource
    vsphereVolume=*v1.VsphereVirtualDiskVolumeSource quobyte=*v1.QuobyteVolumeSource
    azureDisk=*v1.AzureDiskVolumeSource photonPersistentDisk=*v1.PhotonPersistentDiskVolumeSource
    projected=*v1.ProjectedVolumeSource portworxVolume=*v1.PortworxVolumeSource scaleIO=*v1.ScaleIOVolumeSource
    storageos=*v1.StorageOSVolumeSource csi=*v1.CSIVolumeSource ephemeral=*v1.EphemeralVolumeSource
    image=*v1.ImageVolumeSource
UserContainer: +v1.Container mirrorVolumeMounts=*bool
RetryStrategy: limit=*IntOrString retryPolicy=string<v1alpha1.RetryPolicy> backoff=*Backoff affinity=*RetryAffinity
    expression
Backoff: duration factor=*IntOrString maxDuration cap
RetryAffinity: nodeAntiAffinity=*RetryNodeAntiAffinity
RetryNodeAntiAffinity:
v1.Toleration: key operator=string<v1.TolerationOperator> value effect=string<v1.TaintEffect>
    tolerationSeconds=*int64
ExecutorConfig: serviceAccountName
v1.HostAlias: ip! hostnames=[]string
Metrics: prometheus=[]*Prometheus!
Prometheus: name! labels=[]*MetricLabel help! when gauge=*Gauge histogram=*Histogram counter=*Counter
MetricLabel: key! value!
Gauge: value! realtime=*bool! operation=string<v1alpha1.GaugeOperation>
Histogram: value! buckets=[]any!
Counter: value!
Synchronization: semaphores=[]*SemaphoreRef mutexes=[]*Mutex
SemaphoreRef: configMapKeyRef=*v1.ConfigMapKeySelector namespace database=*SyncDatabaseRef
SyncDatabaseRef: key!
Mutex: name namespace database=bool
Memoize: key! cache=*Cache! maxAge!
Cache: configMap=*v1.LocalObjectReference!
v1.PodResourceClaim: name! resourceClaimName=*string resourceClaimTemplateName=*string
ArtifactRepositoryRef: configMap key
TTLStrategy: secondsAfterCompletion=*int32 secondsAfterSuccess=*int32 secondsAfterFailure=*int32
PodGC: strategy=string<v1alpha1.PodGCStrategy> labelSelector=*v1.LabelSelector deleteDelayDuration
WorkflowTemplateRef: name clusterScope=bool
VolumeClaimGC: strategy=string<v1alpha1.VolumeClaimGCStrategy>
WorkflowMetadata: labels={}string annotations={}string labelsFrom={}LabelValueFrom
LabelValueFrom: expression!
WorkflowLevelArtifactGC: +ArtifactGC forceFinalizerRemoval=bool podSpecPatch
ExecutorPlugin: metadata=v1.ObjectMeta! spec=ExecutorPluginSpec!
ExecutorPluginSpec: sidecar=ExecutorPluginSidecar!
ExecutorPluginSidecar: automountServiceAccountToken=bool container=v1.Container!
v1.ResourceRequirements: limits=v1.ResourceList requests=v1.ResourceList claims=[]v1.ResourceClaim
v1.PodDNSConfig: nameservers=[]string searches=[]string options=[]v1.PodDNSConfigOption
v1.OwnerReference: apiVersion! kind! name! uid=string<types.UID>! controller=*bool blockOwnerDeletion=*bool
v1.ManagedFieldsEntry: manager operation=string<v1.ManagedFieldsOperationType> apiVersion time=*any fieldsType
    fieldsV1=*any subresource
v1.PersistentVolumeClaim: +v1.TypeMeta metadata=v1.ObjectMeta spec=v1.PersistentVolumeClaimSpec
    status=v1.PersistentVolumeClaimStatus
v1.PersistentVolumeClaimSpec: accessModes=[]string<v1.PersistentVolumeAccessMode> selector=*v1.LabelSelector
    resources=v1.VolumeResourceRequirements volumeName storageClassName=*string
    volumeMode=*string<v1.PersistentVolumeMode> dataSource=*v1.TypedLocalObjectReference
    dataSourceRef=*v1.TypedObjectReference volumeAttributesClassName=*string
v1.VolumeResourceRequirements: limits=v1.ResourceList requests=v1.ResourceList
v1.TypedLocalObjectReference: apiGroup=*string! kind! name!
v1.TypedObjectReference: apiGroup=*string! kind! name! namespace=*string
v1.PersistentVolumeClaimStatus: phase=string<v1.PersistentVolumeClaimPhase>
    accessModes=[]string<v1.PersistentVolumeAccessMode> capacity=v1.ResourceList
    conditions=[]v1.PersistentVolumeClaimCondition allocatedResources=v1.ResourceList
    allocatedResourceStatuses={}string<v1.ClaimResourceStatus> currentVolumeAttributesClassName=*string
    modifyVolumeStatus=*v1.ModifyVolumeStatus
v1.PersistentVolumeClaimCondition: type=string<v1.PersistentVolumeClaimConditionType>!
    status=string<v1.ConditionStatus>! lastProbeTime=any lastTransitionTime=any reason message
v1.ModifyVolumeStatus: targetVolumeAttributesClassName status=string<v1.PersistentVolumeClaimModifyVolumeStatus>!
v1.Affinity: nodeAffinity=*v1.NodeAffinity podAffinity=*v1.PodAffinity podAntiAffinity=*v1.PodAntiAffinity
v1.NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution=*v1.NodeSelector
    preferredDuringSchedulingIgnoredDuringExecution=[]v1.PreferredSchedulingTerm
v1.NodeSelector: nodeSelectorTerms=[]v1.NodeSelectorTerm!
v1.NodeSelectorTerm: matchExpressions=[]v1.NodeSelectorRequirement matchFields=[]v1.NodeSelectorRequirement
v1.NodeSelectorRequirement: key! operator=string<v1.NodeSelectorOperator>! values=[]string
v1.PreferredSchedulingTerm: weight=int32! preference=v1.NodeSelectorTerm!
v1.PodAffinity: requiredDuringSchedulingIgnoredDuringExecution=[]v1.PodAffinityTerm
    preferredDuringSchedulingIgnoredDuringExecution=[]v1.WeightedPodAffinityTerm
v1.PodAffinityTerm: labelSelector=*v1.LabelSelector namespaces=[]string topologyKey!
    namespaceSelector=*v1.LabelSelector matchLabelKeys=[]string mismatchLabelKeys=[]string
v1.WeightedPodAffinityTerm: weight=int32! podAffinityTerm=v1.PodAffinityTerm!
v1.PodAntiAffinity: requiredDuringSchedulingIgnoredDuringExecution=[]v1.PodAffinityTerm
    preferredDuringSchedulingIgnoredDuringExecution=[]v1.WeightedPodAffinityTerm
v1.PodSecurityContext: seLinuxOptions=*v1.SELinuxOptions windowsOptions=*v1.WindowsSecurityContextOptions
    runAsUser=*int64 runAsGroup=*int64 runAsNonRoot=*bool supplementalGroups=[]int64
    supplementalGroupsPolicy=*string<v1.SupplementalGroupsPolicy> fsGroup=*int64 sysctls=[]v1.Sysctl
    fsGroupChangePolicy=*string<v1.PodFSGroupChangePolicy> seccompProfile=*v1.SeccompProfile
    appArmorProfile=*v1.AppArmorProfile seLinuxChangePolicy=*string<v1.PodSELinuxChangePolicy>
v1.SELinuxOptions: user role type level
v1.WindowsSecurityContextOptions: gmsaCredentialSpecName=*string gmsaCredentialSpec=*string runAsUserName=*string
    hostProcess=*bool
v1.Sysctl: name! value!
v1.SeccompProfile: type=string<v1.SeccompProfileType>! localhostProfile=*string
v1.AppArmorProfile: type=string<v1.AppArmorProfileType>! localhostProfile=*string
v1.PodDisruptionBudgetSpec: minAvailable=*IntOrString selector=*v1.LabelSelector maxUnavailable=*IntOrString
    unhealthyPodEvictionPolicy=*string<v1.UnhealthyPodEvictionPolicyType>
v1.ContainerResizePolicy: resourceName=string<v1.ResourceName>!
    restartPolicy=string<v1.ResourceResizeRestartPolicy>!
v1.ContainerRestartRule: action=string<v1.ContainerRestartRuleAction> exitCodes=*v1.ContainerRestartRuleOnExitCodes
v1.ContainerRestartRuleOnExitCodes: operator=string<v1.ContainerRestartRuleOnExitCodesOperator> values=[]int32
v1.VolumeDevice: name! devicePath!
v1.Probe: +v1.ProbeHandler initialDelaySeconds=int32 timeoutSeconds=int32 periodSeconds=int32 successThreshold=int32
    failureThreshold=int32 terminationGracePeriodSeconds=*int64
v1.ProbeHandler: exec=*v1.ExecAction httpGet=*v1.HTTPGetAction tcpSocket=*v1.TCPSocketAction grpc=*v1.GRPCAction
v1.ExecAction: command=[]string
v1.HTTPGetAction: path port=IntOrString! host scheme=string<v1.URIScheme> httpHeaders=[]v1.HTTPHeader
v1.HTTPHeader: name! value!
v1.TCPSocketAction: port=IntOrString! host
v1.GRPCAction: port=int32! service=*string!
v1.Lifecycle: postStart=*v1.LifecycleHandler preStop=*v1.LifecycleHandler stopSignal=*string<v1.Signal>
v1.LifecycleHandler: exec=*v1.ExecAction httpGet=*v1.HTTPGetAction tcpSocket=*v1.TCPSocketAction
    sleep=*v1.SleepAction
v1.SleepAction: seconds=int64!
v1.SecurityContext: capabilities=*v1.Capabilities privileged=*bool seLinuxOptions=*v1.SELinuxOptions
    windowsOptions=*v1.WindowsSecurityContextOptions runAsUser=*int64 runAsGroup=*int64 runAsNonRoot=*bool
    readOnlyRootFilesystem=*bool allowPrivilegeEscalation=*bool procMount=*string<v1.ProcMountType>
    seccompProfile=*v1.SeccompProfile appArmorProfile=*v1.AppArmorProfile
v1.Capabilities: add=[]string<v1.Capability> drop=[]string<v1.Capability>
v1.ResourceFieldSelector: containerName resource! divisor=Quantity
v1.FileKeySelector: volumeName! path! key! optional=*bool
v1.HostPathVolumeSource: path! type=*string<v1.HostPathType>
v1.EmptyDirVolumeSource: medium=string<v1.StorageMedium> sizeLimit=*Quantity
v1.GCEPersistentDiskVolumeSource: pdName! fsType partition=int32 readOnly=bool
v1.AWSElasticBlockStoreVolumeSource: volumeID! fsType partition=int32 readOnly=bool
v1.GitRepoVolumeSource: repository! revision directory
v1.SecretVolumeSource: secretName items=[]v1.KeyToPath defaultMode=*int32 optional=*bool
v1.KeyToPath: key! path! mode=*int32
v1.NFSVolumeSource: server! path! readOnly=bool
v1.ISCSIVolumeSource: targetPortal! iqn! lun=int32! iscsiInterface fsType readOnly=bool portals=[]string
    chapAuthDiscovery=bool chapAuthSession=bool secretRef=*v1.LocalObjectReference initiatorName=*string
v1.GlusterfsVolumeSource: endpoints! path! readOnly=bool
v1.PersistentVolumeClaimVolumeSource: claimName! readOnly=bool
v1.RBDVolumeSource: monitors=[]string! image! fsType pool user keyring secretRef=*v1.LocalObjectReference
    readOnly=bool
v1.FlexVolumeSource: driver! fsType secretRef=*v1.LocalObjectReference readOnly=bool options={}string
v1.CinderVolumeSource: volumeID! fsType readOnly=bool secretRef=*v1.LocalObjectReference
v1.CephFSVolumeSource: monitors=[]string! path user secretFile secretRef=*v1.LocalObjectReference readOnly=bool
v1.FlockerVolumeSource: datasetName datasetUUID
v1.DownwardAPIVolumeSource: items=[]v1.DownwardAPIVolumeFile defaultMode=*int32
v1.DownwardAPIVolumeFile: path! fieldRef=*v1.ObjectFieldSelector resourceFieldRef=*v1.ResourceFieldSelector
    mode=*int32
v1.FCVolumeSource: targetWWNs=[]string lun=*int32 fsType readOnly=bool wwids=[]string
v1.AzureFileVolumeSource: secretName! shareName! readOnly=bool
v1.ConfigMapVolumeSource: +v1.LocalObjectReference items=[]v1.KeyToPath defaultMode=*int32 optional=*bool
v1.VsphereVirtualDiskVolumeSource: volumePath! fsType storagePolicyName storagePolicyID
v1.QuobyteVolumeSource: registry! volume! readOnly=bool user group tenant
v1.AzureDiskVolumeSource: diskName! diskURI! cachingMode=*string<v1.AzureDataDiskCachingMode> fsType=*string
    readOnly=*bool kind=*string<v1.AzureDataDiskKind>
v1.PhotonPersistentDiskVolumeSource: pdID! fsType
v1.ProjectedVolumeSource: sources=[]v1.VolumeProjection! defaultMode=*int32
v1.VolumeProjection: secret=*v1.SecretProjection downwardAPI=*v1.DownwardAPIProjection
    configMap=*v1.ConfigMapProjection serviceAccountToken=*v1.ServiceAccountTokenProjection
    clusterTrustBundle=*v1.ClusterTrustBundleProjection podCertificate=*v1.PodCertificateProjection
v1.SecretProjection: +v1.LocalObjectReference items=[]v1.KeyToPath optional=*bool
v1.DownwardAPIProjection: items=[]v1.DownwardAPIVolumeFile
v1.ConfigMapProjection: +v1.LocalObjectReference items=[]v1.KeyToPath optional=*bool
v1.ServiceAccountTokenProjection: audience expirationSeconds=*int64 path!
v1.ClusterTrustBundleProjection: name=*string signerName=*string labelSelector=*v1.LabelSelector optional=*bool
    path!
v1.PodCertificateProjection: signerName keyType maxExpirationSeconds=*int32 credentialBundlePath keyPath
    certificateChainPath userAnnotations={}string
v1.PortworxVolumeSource: volumeID! fsType readOnly=bool
v1.ScaleIOVolumeSource: gateway! system! secretRef=*v1.LocalObjectReference! sslEnabled=bool protectionDomain
    storagePool storageMode volumeName fsType readOnly=bool
v1.StorageOSVolumeSource: volumeName volumeNamespace fsType readOnly=bool secretRef=*v1.LocalObjectReference
v1.CSIVolumeSource: driver! readOnly=*bool fsType=*string volumeAttributes={}string
    nodePublishSecretRef=*v1.LocalObjectReference
v1.EphemeralVolumeSource: volumeClaimTemplate=*v1.PersistentVolumeClaimTemplate
v1.PersistentVolumeClaimTemplate: metadata=v1.ObjectMeta spec=v1.PersistentVolumeClaimSpec!
v1.ImageVolumeSource: reference pullPolicy=string<v1.PullPolicy>
v1.ResourceClaim: name! request
v1.PodDNSConfigOption: name value=*string
Artifacts = []Artifact
LifecycleHooks = {}LifecycleHook
HTTPHeaders = []HTTPHeader
Transformation = []TransformationStep
v1.ResourceList = {}Quantity
WorkflowEventBinding: metadata=v1.ObjectMeta! spec=WorkflowEventBindingSpec!
WorkflowEventBindingSpec: event=Event! submit=*Submit
Event: selector!
Submit: workflowTemplateRef=WorkflowTemplateRef! metadata=v1.ObjectMeta arguments=*Arguments
CronWorkflow: +v1.TypeMeta metadata=v1.ObjectMeta! spec=CronWorkflowSpec! status=any
CronWorkflowSpec: workflowSpec=WorkflowSpec! concurrencyPolicy=string<v1alpha1.ConcurrencyPolicy> suspend=bool
    startingDeadlineSeconds=*int64 successfulJobsHistoryLimit=*int32 failedJobsHistoryLimit=*int32 timezone
    workflowMetadata=*v1.ObjectMeta stopStrategy=*StopStrategy schedules=[]string when
StopStrategy: expression!
SubmitOpts: name generateName entryPoint parameters=[]string serviceAccount dryRun=bool serverDryRun=bool labels
    ownerReference=*v1.OwnerReference annotations podPriorityClassName priority=*int32 artifacts=[]string
"""
