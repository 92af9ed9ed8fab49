"""VTK's GPU ray caster on a cube, off screen: prints the milliseconds of each frame as JSON. Called by compare_render.py."""

import json
import sys
import time

import numpy as np
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

task = json.load(sys.stdin)
cube = np.load(task["cube"])
depth, height, width = cube.shape
# Plane 0 is the nearest to the camera, as in aquila; VTK's third axis runs towards it.
flipped = np.ascontiguousarray(cube[::-1])
image = vtk.vtkImageData()
image.SetDimensions(width, height, depth)
image.SetOrigin(*(-0.5 * (count - 1) for count in (width, height, depth)))
image.GetPointData().SetScalars(numpy_to_vtk(flipped.ravel()))

mapper = vtk.vtkOpenGLGPUVolumeRayCastMapper()
mapper.SetInputData(image)
mapper.SetBlendModeToComposite()
mapper.AutoAdjustSampleDistancesOff()
mapper.SetSampleDistance(task["step_voxels"])
mapper.UseJitteringOff()

low, high = task["range"]
colour, opacity = vtk.vtkColorTransferFunction(), vtk.vtkPiecewiseFunction()
for place, (r, g, b) in zip(np.linspace(0, 1, len(task["colours"])), task["colours"]):
    value = low + place * (high - low)
    colour.AddRGBPoint(value, r, g, b)
    # VTK's opacity is that of one unit of length, here a voxel; aquila's is the optical depth.
    opacity.AddPoint(value, 1 - np.exp(-task["density"] * place))
look = vtk.vtkVolumeProperty()
look.SetColor(colour)
look.SetScalarOpacity(opacity)
look.SetScalarOpacityUnitDistance(1.0)
look.SetInterpolationTypeToLinear()
look.ShadeOff()
volume = vtk.vtkVolume()
volume.SetMapper(mapper)
volume.SetProperty(look)

renderer = vtk.vtkRenderer()
renderer.SetBackground(0, 0, 0)
renderer.AddVolume(volume)
window = vtk.vtkRenderWindow()
window.SetOffScreenRendering(1)
window.SetMultiSamples(0)
window.SetSize(*task["size"])
window.AddRenderer(renderer)
azimuth, elevation = np.radians(task["azimuth"]), np.radians(task["elevation"])
away = task["distance"] * max(cube.shape)
camera = renderer.GetActiveCamera()
camera.SetFocalPoint(0, 0, 0)
camera.SetPosition(
    away * np.sin(azimuth) * np.cos(elevation), away * np.sin(elevation), away * np.cos(azimuth) * np.cos(elevation)
)
camera.SetViewUp(0, 1, 0)
camera.SetViewAngle(40.0)
renderer.ResetCameraClippingRange()

times = []
for _ in range(task["frames"] + 1):
    begun = time.perf_counter()
    window.Render()
    window.WaitForCompletion()
    times.append(1e3 * (time.perf_counter() - begun))

shot = vtk.vtkWindowToImageFilter()
shot.SetInput(window)
shot.ReadFrontBufferOff()
writer = vtk.vtkPNGWriter()
writer.SetFileName(task["out"])
writer.SetInputConnection(shot.GetOutputPort())
writer.Write()
report = window.ReportCapabilities()
driver = next((line.split(":", 1)[1].strip() for line in report.splitlines() if "renderer string" in line), "unknown")
# The first frame compiles shaders and hands the cube over.
print(json.dumps({"driver": driver, "vtk": vtk.vtkVersion.GetVTKVersion(), "ms": times[1:]}))
