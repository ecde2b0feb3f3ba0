// The only file that knows three.js. It is loaded when the first mesh is to be shown.
import {
  Box3,
  type BufferGeometry,
  DirectionalLight,
  Group,
  HemisphereLight,
  type Material,
  Mesh,
  MeshStandardMaterial,
  NeutralToneMapping,
  type Object3D,
  PCFShadowMap,
  PerspectiveCamera,
  PlaneGeometry,
  PMREMGenerator,
  Scene,
  ShadowMaterial,
  Spherical,
  Vector3,
  WebGLRenderer,
} from "three";
import { OrbitControls } from "three/examples/jsm/controls/OrbitControls.js";
import { RoomEnvironment } from "three/examples/jsm/environments/RoomEnvironment.js";
import { GLTFLoader } from "three/examples/jsm/loaders/GLTFLoader.js";
import { MeshoptDecoder } from "three/examples/jsm/libs/meshopt_decoder.module.js";

import { Dimensions } from "./dimensions.ts";

/** How a mesh is shown. */
export interface Look {
  readonly wireframe: boolean;
  readonly plain: boolean;
  /** The lengths to write at the sides along x, y and z. */
  readonly measure: readonly string[] | null;
  readonly turntable: boolean;
}

/** What there is to say of a mesh; lengths in the units of the file, metres in glTF. */
export interface Figures {
  readonly triangles: number;
  readonly size: { readonly x: number; readonly y: number; readonly z: number };
}

/** Where somebody looks from, so that several views can turn together. */
export interface View {
  readonly theta: number;
  readonly phi: number;
  readonly zoom: number;
}

/** How much of the view a mesh covers from the front, in shares of it. */
export interface Outline {
  readonly width: number;
  readonly height: number;
  /** Width of the mesh by its height. */
  readonly aspect: number;
}

/** What is told while a mesh is shown. */
export interface Listeners {
  /** Somebody turns it. */
  readonly onTurn?: (view: View) => void;
  /** Its outline, and another one whenever the canvas has another shape. */
  readonly onOutline?: (outline: Outline) => void;
}

export interface MeshView {
  readonly figures: Figures;
  look(look: Look): void;
  /** Turns to a view without telling `onTurn`. */
  turnTo(view: View): void;
  front(): void;
  /** The view as a PNG of `width` pixels, on nothing; `aspect` is that of the canvas unless given. */
  picture(width: number, aspect?: number): Promise<Blob | null>;
  dispose(): void;
}

const HOME: View = { theta: 0.5, phi: 1.25, zoom: 1 };
const FRONT: View = { theta: 0, phi: Math.PI / 2, zoom: 1 };
/** Camera's opening, degrees: narrow, as a lens for portraits, so that nothing bulges. */
const OPENING = 28;
const STEP = Math.PI / 24;

function trianglesOf({ index, attributes }: BufferGeometry): number {
  return Math.floor((index?.count ?? attributes["position"]?.count ?? 0) / 3);
}

function meshesOf(root: Object3D): Mesh[] {
  const found: Mesh[] = [];
  root.traverse((each) => {
    if (each instanceof Mesh) found.push(each as Mesh);
  });
  return found;
}

function materialsOf(mesh: Mesh): Material[] {
  return Array.isArray(mesh.material) ? mesh.material : [mesh.material];
}

/** A mesh of a run, standing on a floor of shadow, its longest side 1. */
async function readMesh(
  bytes: ArrayBuffer,
): Promise<{ stand: Group; figures: Figures; box: Box3 }> {
  const loader = new GLTFLoader().setMeshoptDecoder(MeshoptDecoder);
  const { scene } = await loader.parseAsync(bytes, "");
  const size = new Box3().setFromObject(scene).getSize(new Vector3());
  const longest = Math.max(size.x, size.y, size.z);
  if (!Number.isFinite(longest) || longest <= 0) throw new Error("it has no surface");
  scene.scale.multiplyScalar(1 / longest);
  const stand = new Group();
  stand.add(scene);
  const placed = new Box3().setFromObject(stand);
  const middle = placed.getCenter(new Vector3());
  scene.position.sub(middle);
  let triangles = 0;
  for (const mesh of meshesOf(scene)) {
    triangles += trianglesOf(mesh.geometry);
    if (!mesh.geometry.getAttribute("normal")) mesh.geometry.computeVertexNormals();
    mesh.castShadow = true;
    mesh.receiveShadow = true;
  }
  return {
    stand,
    figures: { triangles, size: { x: size.x, y: size.y, z: size.z } },
    box: placed.translate(middle.negate()),
  };
}

function disposeOf(root: Object3D): void {
  root.traverse((each) => {
    if (!(each instanceof Mesh)) return;
    (each as Mesh).geometry.dispose();
    for (const material of materialsOf(each as Mesh)) {
      for (const value of Object.values(material))
        if (value && typeof value === "object" && "isTexture" in value)
          (value as { dispose(): void }).dispose();
      material.dispose();
    }
  });
}

/** True where the processor draws in place of a graphics card: then less is asked of it. */
function isDrawnBySoftware(renderer: WebGLRenderer): boolean {
  const gl = renderer.getContext();
  const names = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(names?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER));
  return /swiftshader|llvmpipe|software|basic render/i.test(name);
}

/**
 * Shows a mesh on a canvas and lets it be turned.
 *
 * Draws only when something changed, so a mesh that nobody turns costs nothing.
 *
 * @throws Error with a few words when the bytes can't be shown, or the browser has no WebGL
 */
export async function showMesh(
  canvas: HTMLCanvasElement,
  bytes: ArrayBuffer,
  { onTurn, onOutline }: Listeners = {},
): Promise<MeshView> {
  const { stand, figures, box } = await readMesh(bytes);
  const renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
  const isSlow = isDrawnBySoftware(renderer);
  renderer.setPixelRatio(isSlow ? 1 : Math.min(devicePixelRatio, 2));
  renderer.toneMapping = NeutralToneMapping;
  renderer.toneMappingExposure = 1.05;
  renderer.shadowMap.enabled = true;
  renderer.shadowMap.type = PCFShadowMap;
  renderer.shadowMap.autoUpdate = false;
  renderer.shadowMap.needsUpdate = true;

  const scene = new Scene();
  if (isSlow) scene.add(new HemisphereLight(0xffffff, 0xb9bac4, 2.2));
  else {
    // What it costs is a moment on a graphics card, and many seconds without one.
    const room = new RoomEnvironment();
    const baker = new PMREMGenerator(renderer);
    scene.environment = baker.fromScene(room, 0.04).texture;
    scene.environmentIntensity = 0.75;
    baker.dispose();
    disposeOf(room);
  }

  const key = new DirectionalLight(0xffffff, 1.6);
  key.position.set(1.1, 2.4, 1.6);
  key.castShadow = true;
  key.shadow.mapSize.setScalar(isSlow ? 512 : 2048);
  key.shadow.radius = 8;
  key.shadow.normalBias = 0.01;
  Object.assign(key.shadow.camera, { left: -1.2, right: 1.2, top: 1.2, bottom: -1.2, far: 6 });
  const floor = new Mesh(new PlaneGeometry(6, 6), new ShadowMaterial({ opacity: 0.16 }));
  floor.rotation.x = -Math.PI / 2;
  floor.position.y = box.min.y - 0.002;
  floor.receiveShadow = true;
  const dimensions = new Dimensions(box, canvas.parentElement ?? document.body);
  scene.add(stand, key, floor, dimensions.frame);

  const camera = new PerspectiveCamera(OPENING, 1, 0.05, 40);
  const radius = box.getSize(new Vector3()).length() / 2;
  const controls = new OrbitControls(camera, canvas);
  controls.enableDamping = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  controls.enablePan = false;
  controls.autoRotateSpeed = 2.4;
  controls.maxPolarAngle = Math.PI * 0.95;
  // Up and down scrolls the page, sideways turns the mesh; in full screen both turn it.
  canvas.style.touchAction = "pan-y";

  /** The distance at which the mesh fills the canvas, whichever way it is turned. */
  const distance = () => {
    const opening = (OPENING * Math.PI) / 360;
    const narrow = Math.atan(Math.tan(opening) * Math.min(1, camera.aspect));
    return (radius / Math.sin(narrow)) * 1.04;
  };
  const viewNow = (): View => {
    const at = new Spherical().setFromVector3(camera.position);
    return { theta: at.theta, phi: at.phi, zoom: distance() / at.radius };
  };
  let quiet = false;
  const turnTo = ({ theta, phi, zoom }: View) => {
    quiet = true;
    camera.position.setFromSphericalCoords(distance() / zoom, phi, theta);
    controls.update();
    quiet = false;
    draw();
  };

  let asked = 0;
  const draw = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      // With damping or the turntable the camera still moves: `change` asks for the next frame.
      controls.update();
      renderer.render(scene, camera);
      dimensions.place(camera, canvas.clientWidth, canvas.clientHeight);
      if (controls.autoRotate) draw();
    });
  };
  controls.addEventListener("change", () => {
    draw();
    if (!quiet) onTurn?.(viewNow());
  });

  let fitted = "";
  const fit = () => {
    const { clientWidth, clientHeight } = canvas;
    const size = `${clientWidth} ${clientHeight}`;
    if (clientWidth === 0 || clientHeight === 0 || size === fitted) return;
    fitted = size;
    const { zoom, ...view } = viewNow();
    camera.aspect = clientWidth / clientHeight;
    camera.updateProjectionMatrix();
    controls.minDistance = distance() / 6;
    controls.maxDistance = distance() * 3;
    renderer.setSize(clientWidth, clientHeight, false);
    turnTo({ ...view, zoom: Number.isFinite(zoom) && zoom > 0 ? zoom : 1 });
    const { x, y } = box.getSize(new Vector3());
    const tall = 2 * distance() * Math.tan((OPENING * Math.PI) / 360);
    onOutline?.({ width: x / (tall * camera.aspect), height: y / tall, aspect: x / y });
  };
  const resized = new ResizeObserver(fit);
  camera.position.setFromSphericalCoords(distance(), HOME.phi, HOME.theta);
  fit();
  turnTo(HOME);
  resized.observe(canvas);

  const onKey = (event: KeyboardEvent) => {
    const view = viewNow();
    const next: Partial<Record<string, View>> = {
      ArrowLeft: { ...view, theta: view.theta - STEP },
      ArrowRight: { ...view, theta: view.theta + STEP },
      ArrowUp: { ...view, phi: Math.max(0.05, view.phi - STEP) },
      ArrowDown: { ...view, phi: Math.min(controls.maxPolarAngle, view.phi + STEP) },
      "+": { ...view, zoom: Math.min(6, view.zoom * 1.15) },
      "=": { ...view, zoom: Math.min(6, view.zoom * 1.15) },
      "-": { ...view, zoom: Math.max(0.4, view.zoom / 1.15) },
      "0": HOME,
    };
    const to = next[event.key];
    if (!to || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    turnTo(to);
    onTurn?.(viewNow());
  };
  canvas.addEventListener("keydown", onKey);

  /** What the file brought, and the plain clay that can stand in for it. */
  const own = new Map(meshesOf(stand).map((mesh) => [mesh, mesh.material]));
  const clay = new MeshStandardMaterial({ color: 0xc9ccd4, roughness: 0.65, metalness: 0 });
  clay.side = 2;

  let seen = "";
  return {
    figures,
    look(wanted) {
      const { wireframe, plain, measure, turntable } = wanted;
      const next = JSON.stringify(wanted);
      if (next === seen) return;
      seen = next;
      for (const [mesh, material] of own) {
        mesh.material = plain ? clay : material;
        for (const each of materialsOf(mesh))
          if ("wireframe" in each) (each as MeshStandardMaterial).wireframe = wireframe;
      }
      dimensions.say(measure);
      controls.autoRotate = turntable;
      draw();
    },
    turnTo,
    front() {
      turnTo(FRONT);
      onTurn?.(viewNow());
    },
    async picture(width, aspect = camera.aspect) {
      // Drawn and read in one go: the canvas is empty again after the frame.
      const { zoom, ...view } = viewNow();
      const usual = { ratio: renderer.getPixelRatio(), aspect: camera.aspect };
      const frameAs = (ratio: number, wide: number, tall: number, shape: number) => {
        camera.aspect = shape;
        camera.updateProjectionMatrix();
        camera.position.setFromSphericalCoords(distance() / zoom, view.phi, view.theta);
        renderer.setPixelRatio(ratio);
        renderer.setSize(wide, tall, false);
      };
      frameAs(1, width, Math.round(width / aspect), aspect);
      renderer.render(scene, camera);
      const taken = new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
      frameAs(usual.ratio, canvas.clientWidth, canvas.clientHeight, usual.aspect);
      // Before the browser paints again, so nobody sees it empty.
      draw();
      return taken;
    },
    dispose() {
      cancelAnimationFrame(asked);
      resized.disconnect();
      canvas.removeEventListener("keydown", onKey);
      controls.dispose();
      for (const [mesh, material] of own) mesh.material = material;
      disposeOf(stand);
      disposeOf(floor);
      clay.dispose();
      dimensions.dispose();
      scene.environment?.dispose();
      renderer.dispose();
      // A browser has room for about sixteen of these, and frees them late by itself.
      renderer.forceContextLoss();
    },
  };
}
