// Durable Task Scheduler: the managed back end of the pipeline, instead of queues and tables in the storage account.

import { durableTaskDataContributor } from 'roles.bicep'

param name string
param location string
param tags object
param hostName string

@description('Workers\' throughput: Consumption (500 actions a second, billed by the action), or Dedicated with this many capacity units; 3 are highly available.')
@minValue(0)
@maxValue(3)
param capacityUnits int

@description('Days after which the history of an ended run is deleted; what a run made lies in storage.')
@minValue(1)
param historyDays int

@description('Workspace that gets its metrics.')
param workspaceId string

@description('Addresses or ranges that reach it, with a role besides; an empty list would refuse everybody.')
@minLength(1)
param allowedIps string[]

resource host 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' existing = {
  name: hostName
}

resource scheduler 'Microsoft.DurableTask/schedulers@2026-02-01' = {
  name: 'dts-${name}'
  location: location
  tags: tags
  properties: {
    sku: capacityUnits == 0 ? { name: 'Consumption' } : { name: 'Dedicated', capacity: capacityUnits }
    ipAllowlist: allowedIps
  }

  resource hub 'taskHubs' = { name: 'distil' }

  resource history 'retentionPolicies' = {
    name: 'default'
    properties: { retentionPolicies: [{ retentionPeriodInDays: historyDays }] }
  }
}

resource run 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: scheduler::hub
  name: guid(scheduler::hub.id, host.id, durableTaskDataContributor)
  properties: {
    principalId: host.properties.principalId
    principalType: 'ServicePrincipal'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', durableTaskDataContributor)
  }
}

resource metrics 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  scope: scheduler
  name: 'metrics'
  properties: { workspaceId: workspaceId, metrics: [{ category: 'AllMetrics', enabled: true }] }
}

output endpoint string = scheduler.properties.endpoint
output hubName string = scheduler::hub.name
