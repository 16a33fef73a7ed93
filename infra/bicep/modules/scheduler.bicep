// Durable Task Scheduler: the managed back end of the pipeline, instead of queues and tables in the storage account.

import { durableTaskDataContributor } from 'roles.bicep'

param name string
param location string
param tags object
param hostName string

@description('Addresses or ranges that reach it, with a role besides; an empty list would refuse everybody.')
@minLength(1)
param allowedIps string[]

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: hostName
}

resource scheduler 'Microsoft.DurableTask/schedulers@2025-11-01' = {
  name: 'dts-${name}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'Consumption' }
    ipAllowlist: allowedIps
  }

  resource hub 'taskHubs' = { name: 'distil' }
}

resource run 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: scheduler
  name: guid(scheduler.id, host.id, durableTaskDataContributor)
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', durableTaskDataContributor)
  }
}

output endpoint string = scheduler.properties.endpoint
output hubName string = scheduler::hub.name
