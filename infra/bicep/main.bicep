// All that Distil needs in Azure, in one resource group. No keys: everything speaks through two managed identities.

targetScope = 'resourceGroup'

@description('Short name of the deployment, part of every resource\'s name.')
@minLength(3)
@maxLength(12)
param name string

@description('A region with Flex Consumption and the chosen serverless GPU.')
param location string = resourceGroup().location

@description('The trainer\'s image: repository and tag in the registry that is made here. Empty until it is pushed: the jobs need some image to exist.')
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

@description('Whether storage and registry are reached through private endpoints only (and allowedIps).')
param privateNetworking bool = false

@description('Address space of a private deployment.')
param addressPrefix string = '10.40.0.0/22'

@description('Public addresses that reach a private deployment besides: those from which images are pushed and teachers uploaded.')
param allowedIps string[] = []

@description('Object ids of people who upload teachers and read reports.')
param operatorPrincipalIds string[] = []

@description('Who is told of failed and stalled runs and of the budget.')
param alertEmail string

@description('Budget a month, in the subscription\'s currency; 0 sets none.')
@minValue(0)
param monthlyBudget int

@description('First day of the budget\'s first month, yyyy-MM-dd.')
param budgetStart string

@description('Redundancy of the storage account.')
@allowed(['Standard_LRS', 'Standard_ZRS'])
param storageSku string = 'Standard_LRS'

@description('Days without a change after which runs and teacher outputs move to the cool tier.')
@minValue(1)
param coolAfterDays int = 30

@description('Days without a change after which a run is deleted, its model included; 0 keeps it.')
@minValue(0)
param deleteRunsAfterDays int = 0

@description('Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

param tags object = {}

var unique = uniqueString(resourceGroup().id, name)
var allTags = union({ application: 'distil', deployment: name }, tags)
var artifactContainer = 'distil'
var storageName = 'st${take(replace(name, '-', ''), 9)}${unique}'

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
  }
  dependsOn: [identities]
}

var storageServices = ['blob', 'queue', 'table']

module storageEndpoints 'modules/endpoint.bicep' = [
  for service in storageServices: if (privateNetworking) {
    params: {
      name: name
      location: location
      tags: allTags
      networkId: network!.outputs.networkId
      subnetId: network!.outputs.endpointsSubnetId
      targetId: storage.outputs.id
      service: service
      zoneName: 'privatelink.${service}.${environment().suffixes.storage}'
    }
  }
]

module registryEndpoint 'modules/endpoint.bicep' = if (privateNetworking) {
  params: {
    name: name
    location: location
    tags: allTags
    networkId: network!.outputs.networkId
    subnetId: network!.outputs.endpointsSubnetId
    targetId: registry.outputs.id
    service: 'registry'
    zoneName: 'privatelink${environment().suffixes.acrLoginServer}'
  }
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
    workspaceId: monitoring.outputs.workspaceId
    subnetId: privateNetworking ? network!.outputs.jobsSubnetId : ''
  }
  dependsOn: [identities, registryEndpoint]
}

module scheduler 'modules/scheduler.bicep' = if (durableBackend == 'scheduler') {
  params: {
    name: name
    location: location
    tags: allTags
    hostName: hostName
    // The app's own outgoing addresses are not known; its role is what lets it in.
    allowedIps: ['0.0.0.0/0']
  }
  dependsOn: [identities]
}

module functions 'modules/functions.bicep' = {
  params: {
    name: '${name}-${unique}'
    location: location
    tags: allTags
    hostName: hostName
    storageName: storageName
    insightsName: insightsName
    packagesUri: storage.outputs.packagesUri
    artifactsUri: storage.outputs.artifactsUri
    gpuJobId: jobs.outputs.gpuJobId
    cpuJobId: jobs.outputs.cpuJobId
    schedulerEndpoint: durableBackend == 'scheduler' ? scheduler!.outputs.endpoint : ''
    schedulerHub: durableBackend == 'scheduler' ? scheduler!.outputs.hubName : ''
    subnetId: privateNetworking ? network!.outputs.hostSubnetId : ''
    maximumInstances: 40
  }
  dependsOn: [identities, storageEndpoints]
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
output storageName string = storageName
output registryServer string = registry.outputs.loginServer
output gpuJobId string = jobs.outputs.gpuJobId
output cpuJobId string = jobs.outputs.cpuJobId
