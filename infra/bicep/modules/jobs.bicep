// Where jobs run: a Container Apps environment with a GPU profile, and the two jobs that the pipeline starts.

import { jobsOperator } from 'roles.bicep'

param name string
param location string
param tags object

@description('The GPU of teach, train, merge, evaluate and export. Serverless: it costs while a job runs.')
@allowed(['A100', 'T4'])
param gpu string

@description('The trainer\'s image, tag included.')
param image string
param registryServer string
param trainerName string
param hostName string
param insightsName string
param workspaceId string

@description('Subnet of the environment; empty leaves the network to the platform.')
param subnetId string

@description('URI of the secret with the hub\'s token; empty for none.')
param hubTokenUri string

@description('Hours after which the platform ends an execution, however far it is.')
@minValue(1)
param gpuTimeoutHours int

// Sizes are those of the profiles; a GPU job takes its whole machine.
var profiles = {
  A100: { type: 'Consumption-GPU-NC24-A100', cpu: '24', memory: '220Gi' }
  T4: { type: 'Consumption-GPU-NC8as-T4', cpu: '8', memory: '56Gi' }
}
var jobs = [
  { suffix: 'gpu', profile: 'gpu', cpu: profiles[gpu].cpu, memory: profiles[gpu].memory, hours: gpuTimeoutHours }
  { suffix: 'cpu', profile: 'Consumption', cpu: '4', memory: '8Gi', hours: 6 }
]

resource trainer 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: trainerName
}

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: hostName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource environment 'Microsoft.App/managedEnvironments@2025-07-01' = {
  name: 'cae-${name}'
  location: location
  tags: tags
  properties: {
    // Through diagnostic settings, because the direct way needs the workspace's key.
    appLogsConfiguration: { destination: 'azure-monitor' }
    workloadProfiles: [
      { name: 'Consumption', workloadProfileType: 'Consumption' }
      { name: 'gpu', workloadProfileType: profiles[gpu].type }
    ]
    vnetConfiguration: empty(subnetId) ? null : { infrastructureSubnetId: subnetId, internal: true }
  }
}

resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: environment
  name: 'logs'
  properties: {
    workspaceId: workspaceId
    logs: [
      { category: 'ContainerAppConsoleLogs', enabled: true }
      { category: 'ContainerAppSystemLogs', enabled: true }
    ]
  }
}

resource job 'Microsoft.App/jobs@2025-07-01' = [
  for job in jobs: {
    name: 'caj-${name}-${job.suffix}'
    location: location
    tags: tags
    identity: { type: 'UserAssigned', userAssignedIdentities: { '${trainer.id}': {} } }
    properties: {
      environmentId: environment.id
      workloadProfileName: job.profile
      configuration: {
        triggerType: 'Manual'
        manualTriggerConfig: { parallelism: 1, replicaCompletionCount: 1 }
        replicaTimeout: job.hours * 3600
        // The pipeline tries again itself: it knows which failures pass, and a new try gets its own result.
        replicaRetryLimit: 0
        secrets: empty(hubTokenUri) ? [] : [{ name: 'hf-token', keyVaultUrl: hubTokenUri, identity: trainer.id }]
        registries: [{ server: registryServer, identity: trainer.id }]
      }
      template: {
        containers: [
          {
            name: 'trainer'
            image: image
            // The runner adds the URI of the job's request.
            args: ['work']
            resources: { cpu: json(job.cpu), memory: job.memory }
            env: concat(
              [
                // A replica's ephemeral disk: 8 GiB, in GB. The host plans with the same (HostChoices.cs; a test compares).
                { name: 'DISTIL_JOB_DISK', value: '8.589934592' }
                { name: 'AZURE_CLIENT_ID', value: trainer.properties.clientId }
                { name: 'APPLICATIONINSIGHTS_CONNECTION_STRING', value: insights.properties.ConnectionString }
              ],
              empty(hubTokenUri) ? [] : [{ name: 'HF_TOKEN', secretRef: 'hf-token' }]
            )
          }
        ]
      }
    }
  }
]

resource operate 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for (item, i) in jobs: {
    scope: job[i]
    name: guid(job[i].id, host.id, jobsOperator)
    properties: {
      principalId: host.properties.principalId
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', jobsOperator)
    }
  }
]

output gpuJobId string = job[0].id
output cpuJobId string = job[1].id
