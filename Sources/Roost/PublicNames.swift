public import HTTPServer
public import ModuleRuntime
public import RoostDeployment
public import RoostSettings
public import RoostSystem
public import StaticFiles

// Aliases of types from lower targets, so that embedders import only `Roost`.

public typealias BindAddress = HTTPServer.BindAddress
public typealias ListenAddress = HTTPServer.ListenAddress
public typealias DeployedApplication = RoostDeployment.DeployedApplication
public typealias FileTrust = RoostSystem.FileTrust
public typealias HostError = RoostSystem.HostError
public typealias HostPattern = RoostSettings.HostPattern
public typealias LifespanMode = RoostSettings.LifespanMode
public typealias MiddlewareEntry = RoostSettings.MiddlewareEntry
public typealias LineWriter = RoostSystem.LineWriter
public typealias Mount = RoostSettings.Mount
public typealias MountFault = RoostSettings.MountFault
public typealias RoostVersion = ModuleRuntime.RoostVersion
public typealias ServerConfiguration = HTTPServer.ServerConfiguration
public typealias ViewLimits = ModuleRuntime.ViewLimits
public typealias WebSocketOrigins = RoostSettings.WebSocketOrigins
public typealias StaticEntry = RoostSettings.StaticEntry
public typealias StaticFolder = StaticFiles.StaticFolder
