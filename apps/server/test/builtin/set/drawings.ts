/** Objects drawn as SVG on a transparent ground; each is the truth that a mesh's outline is held against. */
export const DRAWINGS = {
  cat: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 256 256" width="256" height="256">
    <path d="M40 110 L52 30 L98 66 Q128 56 158 66 L204 30 L216 110 Q226 214 128 222 Q30 214 40 110Z" fill="#d9822b"/>
    <path d="M60 60 L64 84 L84 72Z M196 60 L192 84 L172 72Z" fill="#f2c9a0"/>
    <circle cx="92" cy="122" r="15" fill="#fff"/><circle cx="164" cy="122" r="15" fill="#fff"/>
    <circle cx="94" cy="124" r="8" fill="#213"/><circle cx="162" cy="124" r="8" fill="#213"/>
    <path d="M118 150 L138 150 L128 163Z" fill="#8a3b3b"/>
    <path d="M128 163 Q112 186 98 172 M128 163 Q144 186 158 172" stroke="#5a2a1a" stroke-width="4" fill="none"/>
    <g shape-rendering="crispEdges" fill="#402010"><rect x="8" y="150" width="60" height="1"/><rect x="8" y="164" width="60" height="1"/>
    <rect x="188" y="150" width="60" height="1"/><rect x="188" y="164" width="60" height="1"/></g></svg>`,
  letters: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 300" width="640" height="300">
    <g fill="none" stroke="#1d3f72" stroke-width="44" stroke-linejoin="round" stroke-linecap="round">
    <path d="M40 260 L110 40 L180 260 M66 180 L154 180"/><path d="M250 260 L250 40 L320 40 Q380 95 320 145 L250 145 L330 145 Q400 205 330 260Z"/>
    <path d="M580 90 Q520 10 460 80 Q420 150 460 220 Q520 290 580 215"/></g></svg>`,
  ring: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 400" width="400" height="400">
    <defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="#ffe08a"/><stop offset="1" stop-color="#b07a12"/></linearGradient></defs>
    <circle cx="200" cy="200" r="130" stroke="url(#g)" stroke-width="60" fill="none"/></svg>`,
  gear: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="-100 -100 200 200" width="512" height="512">
    <path fill-rule="evenodd" fill="#6b7785" d="M-70 0a70 70 0 1 0 140 0a70 70 0 1 0 -140 0Z M-26 0a26 26 0 1 0 52 0a26 26 0 1 0 -52 0Z"/>
    <g fill="#6b7785">${Array.from({ length: 10 }, (_, k) => `<rect x="-12" y="-92" width="24" height="34" rx="4" transform="rotate(${k * 36})"/>`).join("")}</g>
    <circle r="44" fill="none" stroke="#dfe5ea" stroke-width="6"/></svg>`,
  balloons: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 420" width="500" height="420">
    <ellipse cx="110" cy="130" rx="80" ry="100" fill="#e04848"/><ellipse cx="260" cy="220" rx="56" ry="70" fill="#3f9b4f"/>
    <ellipse cx="410" cy="120" rx="70" ry="90" fill="#4a6fd8"/><path d="M98 228 L122 228 L110 244Z" fill="#a52f2f"/>
    <ellipse cx="84" cy="90" rx="16" ry="26" fill="#f6b3b3"/><circle cx="330" cy="370" r="26" fill="#f0b429"/></svg>`,
  leaf: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 800" width="600" height="800">
    <path d="M300 620 C60 480 90 220 300 40 C510 220 540 480 300 620Z" fill="#4c9a3f"/>
    <path d="M300 760 L300 120 M300 500 L190 410 M300 500 L410 410 M300 380 L200 290 M300 380 L400 290 M300 260 L235 205 M300 260 L365 205"
      stroke="#2c6426" stroke-width="10" fill="none" stroke-linecap="round"/></svg>`,
  rocket: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 500" width="300" height="500">
    <path d="M150 20 C230 110 230 260 210 360 L90 360 C70 260 70 110 150 20Z" fill="#e8e8ee"/>
    <path d="M90 300 L30 400 L96 372Z M210 300 L270 400 L204 372Z" fill="#c83737"/><path d="M150 20 C186 60 204 100 212 140 L88 140 C96 100 114 60 150 20Z" fill="#c83737"/>
    <circle cx="150" cy="200" r="34" fill="#4aa3d8" stroke="#39424e" stroke-width="10"/><path d="M110 364 L150 480 L190 364Z" fill="#f39c1f"/></svg>`,
  ghost: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 320 360" width="320" height="360">
    <g opacity="0.4"><path d="M40 330 L40 150 C40 10 280 10 280 150 L280 330 L240 296 L200 330 L160 296 L120 330 L80 296Z" fill="#6a7fd0"/>
    <circle cx="120" cy="150" r="22" fill="#fff"/><circle cx="200" cy="150" r="22" fill="#fff"/></g></svg>`,
  heart: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" width="32" height="32">
    <path d="M16 28 C2 18 2 6 9 5 C13 4.500 16 9 16 9 C16 9 19 4.500 23 5 C30 6 30 18 16 28Z" fill="#d6283f"/></svg>`,
  app: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 512 512" width="512" height="512">
    <rect width="512" height="512" rx="112" fill="#2864d8"/><path d="M150 130 L380 256 L150 382Z" fill="#fff"/></svg>`,
  key: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 700 260" width="700" height="260">
    <path fill-rule="evenodd" fill="#c9a227" d="M130 30a100 100 0 1 0 96 128 L470 158 L470 210 L520 210 L520 158 L560 158 L560 230 L610 230 L610 158 L660 158 L660 108 L228 108 A100 100 0 0 0 130 30Z
    M130 86a44 44 0 1 1 0 88a44 44 0 1 1 0 -88Z"/></svg>`,
  moon: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 300" width="300" height="300">
    <defs><radialGradient id="g" cx="0.4" cy="0.35"><stop offset="0" stop-color="#fbf8ec"/><stop offset="1" stop-color="#a9a48f"/></radialGradient></defs>
    <path d="M190 40 A112 112 0 1 0 250 216 A92 92 0 1 1 190 40Z" fill="url(#g)"/></svg>`,
  bottle: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 800" width="400" height="800">
    <defs><linearGradient id="g"><stop offset="0" stop-color="#0e3d2a"/><stop offset="0.35" stop-color="#3f9a6a"/><stop offset="1" stop-color="#0c2f22"/></linearGradient></defs>
    <path d="M165 60 L235 60 L235 230 C250 290 300 300 300 380 L300 720 Q300 750 270 750 L130 750 Q100 750 100 720 L100 380 C100 300 150 290 165 230Z" fill="url(#g)"/>
    <rect x="100" y="460" width="200" height="180" fill="#f3ead2"/><rect x="130" y="500" width="140" height="26" fill="#7a2430"/><rect x="150" y="560" width="100" height="14" fill="#555"/>
    <rect x="160" y="40" width="80" height="50" rx="6" fill="#8c1f2b"/></svg>`,
  boot: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 560" width="600" height="560">
    <path d="M150 40 L320 40 L330 280 Q350 330 440 350 Q540 372 546 440 L546 470 L150 470Z" fill="#8a5a33"/>
    <path d="M140 470 L552 470 L552 512 L300 512 L290 496 L210 496 L200 512 L140 512Z" fill="#2b221c"/>
    <path d="M320 120 L250 130 M324 170 L256 182 M328 220 L262 234 M336 268 L276 286" stroke="#f0dcb8" stroke-width="12" stroke-linecap="round"/></svg>`,
  fish: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 640 400" width="640" height="400">
    <path d="M60 200 C140 70 340 60 460 180 L580 90 L560 200 L580 310 L460 220 C340 340 140 330 60 200Z" fill="#f2a33a"/>
    <path d="M210 100 Q250 200 210 300 M300 92 Q345 200 300 308" stroke="#fff4e0" stroke-width="26" fill="none"/>
    <circle cx="130" cy="180" r="20" fill="#fff"/><circle cx="126" cy="182" r="11" fill="#111"/></svg>`,
  arrow: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 600 400" width="600" height="400">
    <path d="M60 150 L340 150 L340 70 L550 200 L340 330 L340 250 L60 250Z" fill="#2f8f83"/><circle cx="150" cy="200" r="26" fill="#fbe28a"/></svg>`,
  pawn: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 400 600" width="400" height="600">
    <defs><linearGradient id="g"><stop offset="0" stop-color="#222"/><stop offset="0.4" stop-color="#777"/><stop offset="1" stop-color="#1a1a1a"/></linearGradient></defs>
    <g fill="url(#g)"><circle cx="200" cy="130" r="80"/><path d="M130 210 L270 210 L262 240 L232 246 Q236 400 300 470 L100 470 Q164 400 168 246 L138 240Z"/><rect x="80" y="470" width="240" height="66" rx="18"/></g></svg>`,
  apple: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 540" width="500" height="540">
    <defs><radialGradient id="g" cx="0.35" cy="0.35" r="0.8"><stop offset="0" stop-color="#f07a6a"/><stop offset="0.5" stop-color="#c8242c"/><stop offset="1" stop-color="#7a1018"/></radialGradient></defs>
    <path d="M250 170 C180 110 60 140 60 280 C60 420 160 500 200 500 C225 500 235 488 250 488 C265 488 275 500 300 500 C340 500 440 420 440 280 C440 140 320 110 250 170Z" fill="url(#g)"/>
    <path d="M244 176 Q238 100 276 56 L292 64 Q258 110 262 176Z" fill="#5a3a1e"/><path d="M272 110 Q330 50 392 82 Q344 142 272 110Z" fill="#5aa03c"/></svg>`,
  scissors: `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 500 500" width="500" height="500">
    <g fill="none" stroke="#30343c" stroke-width="26"><circle cx="120" cy="390" r="62"/><circle cx="380" cy="390" r="62"/></g>
    <path d="M150 346 L356 40 L380 56 L176 362Z M350 346 L144 40 L120 56 L324 362Z" fill="#9aa4b0"/></svg>`,
} as const;

export type DrawingName = keyof typeof DRAWINGS;
