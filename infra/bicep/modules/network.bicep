// The network of a private deployment: one subnet a service, the private endpoints in a third.

param name string
param location string
param tags object

@description('Address space, /22 or larger.')
param addressPrefix string

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
          delegations: [{ name: 'environments', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'host' // Flex Consumption takes the same delegation as a Container Apps environment, in a subnet of its own.
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 24, 1)
          delegations: [{ name: 'environments', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: { addressPrefix: cidrSubnet(addressPrefix, 24, 2) }
      }
    ]
  }

  resource jobs 'subnets' existing = { name: 'jobs' }
  resource host 'subnets' existing = { name: 'host' }
  resource endpoints 'subnets' existing = { name: 'endpoints' }
}

output networkId string = network.id
output jobsSubnetId string = network::jobs.id
output hostSubnetId string = network::host.id
output endpointsSubnetId string = network::endpoints.id
