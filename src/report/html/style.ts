import { CAUSES } from '../../model/pricing/breakdown.ts';
import { causeSlug, DARK, LIGHT, schemeProperties } from '../palette.ts';

/**
 * The page's style sheet. Colours come only from the scheme's custom properties: the reader's system
 * decides, the toggle overrides by `data-theme`, print is always light, forced colours win over both.
 */
export function styleSheet(): string {
  const light = `${schemeProperties(LIGHT)};color-scheme:light`;
  const dark = `${schemeProperties(DARK)};color-scheme:dark`;
  const chips = CAUSES.map((cause) => {
    const name = causeSlug(cause);
    return `.k-${name}{background:var(--c-${name});color:var(--t-${name})}`;
  }).join('');
  return `:root{${light}}
@media (prefers-color-scheme:dark){:root:not([data-theme=light]){${dark}}}
:root[data-theme=dark]{${dark}}
@media print{:root:root:root{${light}}}
${BASE}${chips}
${PARTS}${PANEL}${MEDIA}`;
}

const BASE = `*{box-sizing:border-box}
[hidden]{display:none!important}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;background:var(--background);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;overflow-wrap:break-word}
.wrap{max-width:876px;margin:0 auto;padding:0 24px}
h1,h2,h3{line-height:1.25;letter-spacing:-.01em;font-weight:650;text-wrap:balance;overflow-wrap:anywhere}
h1{font-size:1.75rem;margin:.3rem 0 0}
h2{font-size:1.45rem;margin:0}
h3{font-size:1.14rem;margin:.15rem 0 .9rem}
p{margin:0 0 .8rem}
a{color:var(--accent);text-underline-offset:.15em}
code,pre{font:.86em/1.5 ui-monospace,"SF Mono",Menlo,Consolas,"Liberation Mono",monospace}
pre{margin:0;padding:12px 14px;background:var(--soft);border-radius:6px;overflow-x:auto;white-space:pre-wrap;overflow-wrap:anywhere}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:2px}
button{font:inherit;font-size:.82rem;color:var(--ink);background:var(--background);border:1px solid var(--line);border-radius:6px;padding:4px 10px;min-height:28px;cursor:pointer}
button:hover{border-color:var(--muted)}
.whole{white-space:nowrap}
.skip{position:absolute;left:-999em;background:var(--background);padding:8px 12px;z-index:2}
.skip:focus{left:12px;top:12px}
.muted,.how,.asks,.facts{color:var(--muted)}
.anchor{color:var(--muted);text-decoration:none;font-weight:400;margin-left:.35em}
.anchor:hover{color:var(--accent)}
`;

const PARTS = `.top{display:flex;align-items:baseline;justify-content:space-between;gap:16px;padding-top:20px;padding-bottom:20px;font-size:.88rem}
.top strong{font-weight:650}
.verdict{border:1px solid var(--line);border-radius:10px;padding:30px 32px 26px}
.verdict .asks{margin:0;font-size:.95rem}
.verdict .why{margin:.7rem 0 0;font-size:1.05rem}
.verdict .why+.facts-list,.verdict .why+details,.verdict details+.facts-list{margin-top:20px}
.verdict .scroll{margin:20px 0 22px}
.verdict table{width:100%;font-size:.9rem}
.verdict caption{font-size:.85rem}
.facts-list{display:grid;grid-template-columns:max-content 1fr;gap:8px 22px;margin:0;font-size:.93rem}
.facts-list dt{color:var(--muted)}
.facts-list dd{margin:0;overflow-wrap:anywhere}
.toc{margin:22px 0 0;padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:6px 20px;font-size:.92rem}
.toc a{overflow-wrap:anywhere}
section{margin-top:64px}
section>h2{padding-bottom:10px;border-bottom:1px solid var(--line);margin-bottom:14px}
.facts{font-size:.93rem}
h3.sub{margin:32px 0 10px}
.tools+.facts{margin-top:24px}
figure{margin:44px 0 0}
.asks{margin:0;font-size:.9rem}
.how{font-size:.88rem;margin:10px 0 12px;max-width:46rem}
.scroll{overflow-x:auto}
svg.chart{display:block;width:100%;height:auto}
.plot{margin:0}
.box{background:var(--soft);border-radius:8px;padding:14px 18px;margin:0 0 16px;font-size:.9rem}
.box p:last-child,.box pre:last-child{margin-bottom:0}
.box pre{background:none;padding:0 0 0 1.2em;margin:0 0 .6rem}
.box details{margin-top:8px}
.tools{display:flex;flex-wrap:wrap;gap:8px;margin:12px 0 0}
details{margin-top:8px}
summary{cursor:pointer;font-size:.9rem;color:var(--accent);padding:2px 0;width:fit-content}
details[open]>summary{margin-bottom:8px}
table{border-collapse:collapse;font-size:.85rem;line-height:1.4;font-variant-numeric:tabular-nums;min-width:min(100%,28rem)}
caption{text-align:left;color:var(--muted);padding:2px 0 10px;caption-side:top;max-width:46rem}
th,td{padding:3px 0 3px 12px;text-align:right;font-weight:400;vertical-align:baseline;white-space:nowrap}
thead th{color:var(--muted);vertical-align:bottom;white-space:normal}
thead th.group{color:var(--ink);font-weight:600;white-space:normal;overflow-wrap:anywhere;min-width:5.5rem;padding-top:0}
thead tr:last-child th{border-bottom:1px solid var(--line);padding-bottom:5px}
th.label,tbody th,td.text,th.text{text-align:left}
th.label,tbody th{padding-left:0;white-space:normal;overflow-wrap:anywhere;min-width:8.5rem}
td.text{white-space:normal}
#ledger tbody th{white-space:nowrap}
#ledger td.text:last-child{min-width:18rem}
table.nested tbody tr:not(.group,.sum) th{padding-left:14px}
tr.group>*,tr.sum>*{font-weight:600}
tr.group>*{padding-top:9px}
tr.sum>*{border-top:1px solid var(--line);padding-top:6px}
tr.differs td:not(.text){font-weight:600}
.chip{display:inline-block;min-width:1.9em;padding:0 .3em;margin-right:.55em;border-radius:3px;font-size:.74rem;line-height:1.45;font-weight:600;text-align:center;font-variant-numeric:normal}
th .chip{width:2.3em;padding:0}
.key{list-style:none;margin:0;padding:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,24rem),1fr));gap:7px 26px;font-size:.88rem}
.key li{display:flex;align-items:baseline}
.key .chip{flex:none;width:2.6em}
.notes{padding-left:1.2em;font-size:.92rem}
.notes li{margin:0 0 .4rem}
footer.wrap{margin:72px auto 40px;color:var(--muted);font-size:.85rem}
`;

const PANEL = `.unseen{position:absolute;width:1px;height:1px;margin:-1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
#what-if{position:fixed;z-index:1;right:20px;bottom:20px;padding:8px 16px;border-radius:20px;border-color:var(--muted);box-shadow:0 2px 10px rgb(0 0 0/.18)}.with-panel #what-if{display:none}
#what-if.moved{border-color:var(--accent);color:var(--accent);font-weight:600}
#live-note{margin:16px 0 0}
#live-note ul{margin:0 0 .8rem;padding-left:1.2em}
#live-note pre{padding:0;margin:0}
.option{display:inline-block;max-width:100%}
#live-note .tools{margin-top:10px}
#panel{position:fixed;z-index:1;inset:0 0 0 auto;width:372px;display:flex;flex-direction:column;background:var(--background);border-left:1px solid var(--line);font-size:.85rem;line-height:1.4}
.panel-head{display:flex;gap:8px;align-items:center;padding:12px 16px;border-bottom:1px solid var(--line)}
.panel-head h2{font-size:1rem;line-height:1.3;margin:0;flex:1}
.panel-choice{padding:10px 16px 0;background:var(--soft)}
.panel-choice p{margin:4px 0 0;font-size:.85rem;overflow-wrap:anywhere}
.panel-choice label{display:block;font-weight:600;margin:0 0 2px}
.panel-choice select{width:100%;font:inherit;color:var(--ink);background:var(--background);border:1px solid var(--muted);border-radius:5px;padding:4px 6px;min-height:28px}
.panel-now{padding:10px 16px;border-bottom:1px solid var(--line);max-height:34vh;overflow:auto;background:var(--soft)}
.panel-now ul{list-style:none;margin:0;padding:0}
.panel-now p{margin:0}#live-count{font-weight:600}#live-count:not(:empty){margin:0 0 6px}.panel-now #live-flips ul{list-style:disc;padding-left:1.2em}
.panel-now #live-times li li{display:grid;grid-template-columns:1fr auto;gap:0 10px;margin:0 0 4px;overflow-wrap:anywhere}
.panel-now b{font-variant-numeric:tabular-nums;white-space:nowrap}
.panel-now small{grid-column:1/-1;color:var(--muted);font-size:.78rem}
.panel-now .trace{color:var(--muted);font-size:.78rem}
#live-error{margin:6px 0 0;font-weight:600}
.panel-fields{flex:1;overflow:auto;padding:12px 16px 40px}
.panel-fields .how{margin-top:0}
fieldset{border:0;margin:0 0 18px;padding:0;min-width:0}
legend{font-weight:650;padding:0;margin:0 0 4px}
.price{padding:7px 0 8px;border-top:1px solid var(--line)}
.price label{display:block}
.price code{font-weight:600;overflow-wrap:anywhere}
.price.moved code{color:var(--accent)}
.price .set{display:flex;gap:8px;align-items:center;margin:2px 0}
.price input[type=range]{flex:1;min-width:0;accent-color:var(--accent);height:24px;margin:0}
.price input[type=number]{width:6.6rem;font:inherit;font-variant-numeric:tabular-nums;text-align:right;color:var(--ink);background:var(--background);border:1px solid var(--muted);border-radius:5px;padding:3px 6px;min-height:28px}
.price input::placeholder{color:var(--muted);opacity:1}
.price input[aria-invalid]{outline:2px solid var(--ink);outline-offset:1px}
.price .unit{width:2.9rem;color:var(--muted)}
.price .back{padding:2px 7px}
.price .back:disabled,#panel-reset:disabled{opacity:.45;cursor:default}
.price .from{display:block;color:var(--muted);font-size:.78rem;overflow-wrap:anywhere}
.rest{margin:0 0 18px}
`;

const MEDIA = `@media (min-width:1100px){.with-panel body{padding-right:372px}.with-panel #inputs .scroll{width:auto;margin-left:0}}
@media (max-width:1099px){#what-if{inset:auto 0 0;border-width:1px 0 0;border-radius:0;min-height:44px}#what-if:disabled{color:var(--muted)}html{scroll-padding-bottom:56px}footer.wrap{margin-bottom:84px}.panel-fields>.how:not(.frozen){display:none}#panel{inset:auto 0 0 0;width:auto;height:62vh;border-left:0;border-top:1px solid var(--line);box-shadow:0 -6px 24px rgb(0 0 0/.16)}.with-panel body{padding-bottom:62vh}.panel-now{max-height:20vh}}
@media (min-width:960px){#inputs .scroll{width:min(96vw,1240px);margin-left:calc(50% - min(96vw,1240px)/2)}}
@media (max-width:640px){
.wrap{padding:0 16px}.verdict{padding:20px 18px}h1{font-size:1.4rem}h2{font-size:1.25rem}
.facts-list{grid-template-columns:1fr;gap:2px}.facts-list dd{margin-bottom:10px}
svg.chart{min-width:620px}.plot::before{content:"Wider than the screen: scroll the chart sideways";display:block;font-size:.8rem;color:var(--muted);margin:0 0 6px}.whole{white-space:normal}section{margin-top:48px}
.top{padding-top:14px;padding-bottom:18px;align-items:center}
#effects,#effects caption,#effects thead,#effects tbody{display:block;width:100%}
#effects tr{display:grid;grid-template-columns:repeat(3,minmax(0,1fr));column-gap:10px;padding:4px 0}
#effects th,#effects td{padding-left:0}#effects thead th{font-size:.8rem;border:0;padding-bottom:0}#effects thead{border-bottom:1px solid var(--line)}
#effects th.label,#effects tbody th,#effects td.text{grid-column:1/-1;min-width:0}
#effects thead th.text,#effects tr:not(.differs) td.text{display:none}
#effects tr:not(.group) td.text{color:var(--muted)}
#effects tr.differs td.text::before{content:"adds most: "}
}
@media (forced-colors:active){
:root:root:root{--background:Canvas;--ink:CanvasText;--muted:CanvasText;--line:CanvasText;--grid:GrayText;--accent:LinkText;--soft:Canvas}
svg.chart,.chip{forced-color-adjust:none}.box{border:1px solid CanvasText}
}
@media print{
@page{margin:14mm}.with-panel body{padding:0}
body{font-size:10.5pt}.wrap{max-width:none;padding:0}
#panel,#what-if,.top button,.tools,.toc,.skip,.anchor,summary{display:none!important}
.scroll,#inputs .scroll{overflow:visible;width:auto;margin-left:0}pre{overflow:visible}
details::details-content{display:block;content-visibility:visible;height:auto}
h2,h3,.asks{break-after:avoid}.plot,.verdict,.box,figure>.how,tr,li{break-inside:avoid}
.lead{break-inside:avoid}
thead{display:table-header-group}table{font-size:8pt}th,td{padding-left:8px}
th .chip{font-size:6.5pt}
svg.chart,.chip{print-color-adjust:exact;-webkit-print-color-adjust:exact}
section{margin-top:28px}figure{margin-top:24px}
}
`;
