// All that Distil needs in Azure, in one resource group. No keys: everything speaks through two managed identities.

targetScope = 'resourceGroup'

@description('Short name of the deployment, part of every resource\'s name.')
@minLength(3)
@maxLength(12)
param name string

@description('A region with Flex Consumption and the chosen serverless GPU.')
param location string = resourceGroup().location

@description('The trainer\'s image: repository and digest (or tag) in the registry that is made here. Empty until it is pushed: the jobs need some image to exist.')
param image string

@description('The GPU of the jobs.')
@allowed(['A100', 'T4'])
param gpu string

@description('Hours that one GPU job may take; an epoch must fit.')
@minValue(1)
@maxValue(168)
param gpuTimeoutHours int = 24

@description('Where Durable keeps its state: the storage account, or a Durable Task Scheduler.')
@allowed(['storage', 'scheduler'])
param durableBackend string = 'storage'

@description('Capacity units of the scheduler; 0 for its Consumption kind, 3 for high availability.')
@minValue(0)
@maxValue(3)
param schedulerUnits int = 0

@description('Addresses or ranges that reach the scheduler, with a role besides.')
@minLength(1)
param schedulerIps string[] = ['0.0.0.0/0']

@description('Whether the API, storage, registry and secrets are reached through private endpoints only (and allowedIps).')
param privateNetworking bool = false

@description('Address space of a private deployment.')
param addressPrefix string = '10.40.0.0/22'

@description('Public addresses that reach a private deployment besides: those from which images are pushed and teachers uploaded.')
param allowedIps string[] = []

@description('Application (client) id of an app registration: callers of the API must sign in to it, besides their function key. Empty for keys alone.')
param apiClientId string = ''

@description('Whether host and jobs get the secret hf-token of the vault as HF_TOKEN; the secret must exist.')
param useHubToken bool = false

@description('Settings of the app besides those made here (docs/configuration.md), for instance those of Azure Machine Learning.')
param hostSettings object = {}

@description('Instances that are always there for orchestrations; 0 for none.')
@minValue(0)
param alwaysReady int = 0

@description('Whether the app is spread over zones.')
param zoneRedundant bool = false

@description('Object ids of people who upload teachers and read reports.')
param operatorPrincipalIds string[] = []

@description('Who is told of failed and stalled runs and of the budget.')
param alertEmail string

@description('Budget a month, in the subscription\'s currency; 0 sets none.')
@minValue(0)
param monthlyBudget int

@description('First day of the budget\'s first month, yyyy-MM-dd.')
param budgetStart string

@description('Redundancy of the storage accounts.')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param storageSku string = 'Standard_LRS'

@description('Days without an access after which runs and teacher outputs move to the cool tier.')
@minValue(1)
param coolAfterDays int = 30

@description('Days without a change after which a run is deleted, its model included; 0 keeps it.')
@minValue(0)
param deleteRunsAfterDays int = 0

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@description('Gigabytes of logs a day that the workspace takes; -1 takes all.')
param logDailyQuotaGb int = 5

param tags object = {}

var unique = uniqueString(resourceGroup().id, name)
var allTags = union({ application: 'distil', deployment: name }, tags)
var artifactContainer = 'distil'
var storageName = 'st${take(replace(name, '-', ''), 9)}${unique}'
var stateName = 'sf${take(replace(name, '-', ''), 9)}${unique}'
var holdsHistory = durableBackend == 'storage'

// Named here, so that a what-if sees every role assignment; who refers to one by name must wait for it.
var hostName = 'id-${name}-host'
var trainerName = 'id-${name}-trainer'
var insightsName = 'appi-${name}'

module identities 'modules/identities.bicep' = {
  params: { hostName: hostName, trainerName: trainerName, location: location, tags: allTags }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    name: name
    location: location
    tags: allTags
    insightsName: insightsName
    retentionDays: logRetentionDays
    dailyQuotaGb: logDailyQuotaGb
    senderNames: [hostName, trainerName]
  }
  dependsOn: [identities]
}

module network 'modules/network.bicep' = if (privateNetworking) {
  params: { name: name, location: location, tags: allTags, addressPrefix: addressPrefix }
}

module storage 'modules/storage.bicep' = {
  params: {
    name: storageName
    location: location
    tags: allTags
    sku: storageSku
    artifactContainer: artifactContainer
    hostName: hostName
    trainerName: trainerName
    operatorPrincipalIds: operatorPrincipalIds
    privateNetworking: privateNetworking
    allowedIps: allowedIps
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [identities]
}

module state 'modules/state.bicep' = {
  params: {
    name: stateName
    location: location
    tags: allTags
    sku: storageSku
    hostName: hostName
    holdsHistory: holdsHistory
    privateNetworking: privateNetworking
    allowedIps: allowedIps
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [identities]
}

module vault 'modules/keyvault.bicep' = {
  params: {
    name: 'kv-${take(replace(name, '-', ''), 7)}${unique}'
    location: location
    tags: allTags
    readerNames: [hostName, trainerName]
    privateNetworking: privateNetworking
    allowedIps: allowedIps
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [identities]
}

var hubTokenUri = useHubToken ? '${vault.outputs.uri}secrets/hf-token' : ''

module lifecycle 'modules/lifecycle.bicep' = {
  params: {
    storageName: storageName
    artifactContainer: artifactContainer
    coolAfterDays: coolAfterDays
    deleteRunsAfterDays: deleteRunsAfterDays
  }
  dependsOn: [storage]
}

module registry 'modules/registry.bicep' = {
  params: {
    name: 'cr${replace(name, '-', '')}${unique}'
    location: location
    tags: allTags
    trainerName: trainerName
    privateNetworking: privateNetworking
    allowedIps: allowedIps
    workspaceId: monitoring.outputs.workspaceId
  }
  dependsOn: [identities]
}

// Queues and tables are reached if Durable keeps its state in them.
var reached = concat(
  [
    { service: 'blob', target: 'artifacts' }
    { service: 'blob', target: 'state' }
    { service: 'registry', target: 'registry' }
    { service: 'vault', target: 'vault' }
  ],
  holdsHistory ? [{ service: 'queue', target: 'state' }, { service: 'table', target: 'state' }] : []
)
var zoneNames = {
  blob: 'privatelink.blob.${environment().suffixes.storage}'
  queue: 'privatelink.queue.${environment().suffixes.storage}'
  table: 'privatelink.table.${environment().suffixes.storage}'
  registry: 'privatelink${environment().suffixes.acrLoginServer}'
  vault: 'privatelink${replace(environment().suffixes.keyvaultDns, '.vault.', '.vaultcore.')}'
  sites: 'privatelink.azurewebsites.net'
}

module zones 'modules/zone.bicep' = [
  for service in union(map(reached, item => item.service), ['sites']): if (privateNetworking) {
    params: { tags: allTags, networkId: network!.outputs.networkId, zoneName: zoneNames[service] }
  }
]

module endpoints 'modules/endpoint.bicep' = [
  for item in reached: if (privateNetworking) {
    params: {
      name: name
      location: location
      tags: allTags
      subnetId: network!.outputs.endpointsSubnetId
      targetId: {
        artifacts: storage.outputs.id
        state: state.outputs.id
        registry: registry.outputs.id
        vault: vault.outputs.id
      }[item.target]
      suffix: item.service == 'blob' && item.target == 'state' ? '-state' : ''
      service: item.service
      zoneName: zoneNames[item.service]
    }
    dependsOn: [zones]
  }
]

module apiEndpoint 'modules/endpoint.bicep' = if (privateNetworking) {
  params: {
    name: name
    location: location
    tags: allTags
    subnetId: network!.outputs.endpointsSubnetId
    targetId: functions.outputs.id
    suffix: ''
    service: 'sites'
    zoneName: zoneNames.sites
  }
  dependsOn: [zones]
}

module jobs 'modules/jobs.bicep' = {
  params: {
    name: name
    location: location
    tags: allTags
    gpu: gpu
    gpuTimeoutHours: gpuTimeoutHours
    image: empty(image) ? 'mcr.microsoft.com/k8se/quickstart-jobs:latest' : '${registry.outputs.loginServer}/${image}'
    registryServer: registry.outputs.loginServer
    trainerName: trainerName
    hostName: hostName
    insightsName: insightsName
    hubTokenUri: hubTokenUri
    workspaceId: monitoring.outputs.workspaceId
    subnetId: privateNetworking ? network!.outputs.jobsSubnetId : ''
  }
  dependsOn: [identities, endpoints]
}

module scheduler 'modules/scheduler.bicep' = if (durableBackend == 'scheduler') {
  params: {
    name: name
    location: location
    tags: allTags
    hostName: hostName
    capacityUnits: schedulerUnits
    historyDays: 30
    workspaceId: monitoring.outputs.workspaceId
    // Its role is what lets the app in; in a private deployment its outgoing address is known besides.
    allowedIps: privateNetworking ? ['${network!.outputs.egressAddress}/32'] : schedulerIps
  }
  dependsOn: [identities]
}

module functions 'modules/functions.bicep' = {
  params: {
    name: '${name}-${unique}'
    location: location
    tags: allTags
    hostName: hostName
    storageName: stateName
    insightsName: insightsName
    packagesUri: state.outputs.packagesUri
    artifactsUri: storage.outputs.artifactsUri
    gpuJobId: jobs.outputs.gpuJobId
    cpuJobId: jobs.outputs.cpuJobId
    schedulerEndpoint: durableBackend == 'scheduler' ? scheduler!.outputs.endpoint : ''
    schedulerHub: durableBackend == 'scheduler' ? scheduler!.outputs.hubName : ''
    subnetId: privateNetworking ? network!.outputs.hostSubnetId : ''
    hubTokenUri: hubTokenUri
    moreSettings: hostSettings
    apiClientId: apiClientId
    privateNetworking: privateNetworking
    allowedIps: allowedIps
    alwaysReady: alwaysReady
    zoneRedundant: zoneRedundant
    workspaceId: monitoring.outputs.workspaceId
    maximumInstances: 40
  }
  dependsOn: [identities, endpoints]
}

module workbook 'modules/workbook.bicep' = {
  params: {
    name: name
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    jobIds: [jobs.outputs.gpuJobId, jobs.outputs.cpuJobId]
  }
}

module alerts 'modules/alerts.bicep' = {
  params: {
    name: name
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    email: alertEmail
    monthlyBudget: monthlyBudget
    budgetStart: budgetStart
  }
}

output apiUrl string = functions.outputs.url
output functionsName string = functions.outputs.name
output artifactsUri string = storage.outputs.artifactsUri
output vaultName string = last(split(vault.outputs.id, '/'))
output storageName string = storageName
output registryServer string = registry.outputs.loginServer
output gpuJobId string = jobs.outputs.gpuJobId
output cpuJobId string = jobs.outputs.cpuJobId
