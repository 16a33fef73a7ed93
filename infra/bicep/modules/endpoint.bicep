// A private endpoint of one service of one resource.

param name string
param location string
param tags object
param subnetId string

@description('The resource that is reached.')
param targetId string

@description('Distinguishes endpoints of the same service; empty for the only one.')
param suffix string

@description('Which of its services: blob, queue, table, registry, sites, vault.')
param service string

@description('Name of the zone (zone.bicep) that its name is entered in.')
param zoneName string

resource zone 'Microsoft.Network/privateDnsZones@2024-06-01' existing = {
  name: zoneName
}

resource endpoint 'Microsoft.Network/privateEndpoints@2024-05-01' = {
  name: 'pe-${name}-${service}${suffix}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: '${service}${suffix}', properties: { privateLinkServiceId: targetId, groupIds: [service] } }
    ]
  }

  resource names 'privateDnsZoneGroups' = {
    name: 'default'
    properties: { privateDnsZoneConfigs: [{ name: service, properties: { privateDnsZoneId: zone.id } }] }
  }
}
