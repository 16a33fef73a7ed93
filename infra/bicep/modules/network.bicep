// The network of a private deployment: one subnet a service, the private endpoints in a third.

param name string
param location string
param tags object

@description('Address space, /22 or larger.')
param addressPrefix string

// Nothing outside the network may call in; the subnets' own rules let them call each other and out.
resource guards 'Microsoft.Network/networkSecurityGroups@2024-05-01' = [
  for subnet in ['jobs', 'host', 'endpoints']: {
    name: 'nsg-${name}-${subnet}'
    location: location
    tags: tags
    properties: {
      securityRules: [
        {
          name: 'no-internet-in'
          properties: {
            priority: 4000
            direction: 'Inbound'
            access: 'Deny'
            protocol: '*'
            sourceAddressPrefix: 'Internet'
            sourcePortRange: '*'
            destinationAddressPrefix: '*'
            destinationPortRange: '*'
          }
        }
      ]
    }
  }
]

// One fixed address for all outgoing calls, above all downloads from the hub: others can allow it.
resource egress 'Microsoft.Network/publicIPAddresses@2024-05-01' = {
  name: 'pip-${name}-egress'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIPAllocationMethod: 'Static' }
}

resource nat 'Microsoft.Network/natGateways@2024-05-01' = {
  name: 'ng-${name}'
  location: location
  tags: tags
  sku: { name: 'Standard' }
  properties: { publicIpAddresses: [{ id: egress.id }] }
}

resource network 'Microsoft.Network/virtualNetworks@2024-05-01' = {
  name: 'vnet-${name}'
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    subnets: [
      {
        name: 'jobs'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 24, 0)
          natGateway: { id: nat.id }
          networkSecurityGroup: { id: guards[0].id }
          delegations: [{ name: 'environments', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'host' // Flex Consumption takes the same delegation as a Container Apps environment, in a subnet of its own.
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 24, 1)
          natGateway: { id: nat.id }
          networkSecurityGroup: { id: guards[1].id }
          delegations: [{ name: 'environments', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: { addressPrefix: cidrSubnet(addressPrefix, 24, 2), networkSecurityGroup: { id: guards[2].id } }
      }
    ]
  }

  resource jobs 'subnets' existing = { name: 'jobs' }
  resource host 'subnets' existing = { name: 'host' }
  resource endpoints 'subnets' existing = { name: 'endpoints' }
}

output egressAddress string = egress.properties.ipAddress
output networkId string = network.id
output jobsSubnetId string = network::jobs.id
output hostSubnetId string = network::host.id
output endpointsSubnetId string = network::endpoints.id
